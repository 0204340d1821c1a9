import { describe, expect, test } from 'vitest';
import {
  aggregate,
  encodeEvent,
  event,
  recordedEvent,
  eventTypesByName,
  t,
  versionsOf,
  type AnyEventType,
  type EventId,
  type StoredEvent,
} from './index.ts';

const untyped = event as unknown as (name: string, fields: object, options?: object) => AnyEventType;
const started = event('a.b.started', { what: t.string() }, { aliases: ['a.b.begun', 'a.b.began'] });

describe('a type that was renamed', () => {
  test('keeps its former names in every version, frozen', () => {
    const later = started.version(2, { what: t.string() }, { up: (old) => old });
    expect([started.aliases, later.aliases]).toEqual([
      ['a.b.begun', 'a.b.began'],
      ['a.b.begun', 'a.b.began'],
    ]);
    expect(Object.isFrozen(later.aliases)).toBe(true);
  });
  test('writes under its present name', () => {
    const { schema } = encodeEvent(started, started({ what: 'x' }), 'id' as EventId, { correlationId: 'c' });
    expect(schema).toMatchObject({ type: 'a.b.started', avro: { name: 'Started' } });
  });
  test('knows events of its former names for its own', () => {
    for (const type of ['a.b.started', 'a.b.begun', 'a.b.began'])
      expect(started.is({ type, version: 1, data: {} })).toBe(true);
    expect(started.is({ type: 'a.b.other', version: 1, data: {} })).toBe(false);
  });
  test('is recorded under its present name, whatever the log calls it', () => {
    const old = event('a.b.begun', { what: t.string() });
    const stored = { type: old.type, version: 1, payload: '{"what":"x"}', schema: versionsOf(old)[0]?.writer };
    const recorded = recordedEvent('a.b', eventTypesByName([started]), stored as StoredEvent);
    expect(recorded).toMatchObject({ type: 'a.b.started', data: { what: 'x' }, writtenVersion: 1 });
  });
  test('is folded by an aggregate under any of its names; other names are LF_EVENT_FOREIGN', () => {
    const things = aggregate('a.b', { events: { started }, initial: (): readonly string[] => [] }).evolve({
      started: (seen, { what }) => [...seen, what],
    });
    const events = ['a.b.started', 'a.b.begun'].map((type) => ({ type, version: 1, data: { what: type } }));
    expect(things.fold(events as never)).toEqual(['a.b.started', 'a.b.begun']);
    expect(() => things.evolve([], { type: 'a.b.other', version: 1, data: {} } as never)).toThrow(
      expect.objectContaining({ code: 'LF_EVENT_FOREIGN' }),
    );
  });
});

describe('former names are refused', () => {
  test.each<[string, readonly string[], string, RegExp]>([
    ['the name itself', ['a.b.c'], 'LF_EVENT_NAME_DUPLICATE', /a\.b\.c has among its aliases its own name/],
    ['one twice', ['a.b.x', 'a.b.x'], 'LF_EVENT_NAME_DUPLICATE', /'a\.b\.x' twice/],
    ['no name', ['What?'], 'LF_EVENT_NAME_INVALID', /"What\?"/],
    ['none at all', [undefined as unknown as string], 'LF_EVENT_NAME_INVALID', /not of the form/],
  ])('%s', (_, aliases, code, message) => {
    expect(() => untyped('a.b.c', {}, { aliases })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }),
    );
  });
  test.each<[string, readonly AnyEventType[]]>([
    ['the present name of another entry', [started, untyped('a.b.begun', {})]],
    ['a former name of another entry', [started, untyped('a.b.x', {}, { aliases: ['a.b.began'] })]],
    ['the same type under two entries', [started, started]],
  ])('in an aggregate: %s', (_, [one, other]) => {
    const define = () => aggregate('a.b', { events: { one, other } as never, initial: () => 0 });
    expect(define).toThrow(
      expect.objectContaining({
        code: 'LF_EVENT_NAME_DUPLICATE',
        message: expect.stringMatching(/a\.b: the events 'one' and 'other' are both named a\.b\./) as unknown,
      }),
    );
  });
});

describe('a type that is retired', () => {
  const retired = event('a.b.dropped', { n: t.integer() }, { retired: true }).version(
    2,
    { n: t.long() },
    { up: ({ n }) => ({ n: BigInt(n) }) },
  );
  test('is so in every version', () => expect(retired.retired).toBe(true));
  test('is written no more, whatever the event is', () => {
    const encode = () => encodeEvent(retired, retired({ n: 1n }), 'id' as EventId, { correlationId: 'c' });
    expect(encode).toThrow(
      expect.objectContaining({
        code: 'LF_EVENT_RETIRED',
        retryable: false,
        message: expect.stringMatching(/a\.b\.dropped is retired.*; decide another event/) as unknown,
      }),
    );
  });
  test('is read and upcast as ever', () => {
    const stored = { type: retired.type, version: 1, payload: '{"n":"5"}', schema: versionsOf(retired)[0]?.writer };
    expect(recordedEvent('a.b', eventTypesByName([retired]), stored as StoredEvent).data).toEqual({ n: 5n });
  });
});
