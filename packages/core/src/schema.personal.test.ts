import { describe, expect, test } from 'vitest';
import { encodeEvent } from './encode-event.ts';
import { EventInvalid, InputInvalid } from './errors.ts';
import { event, versionsOf } from './event.ts';
import type { EventId } from './message.ts';
import * as t from './schema.ts';
import { holdsPersonalData } from './schema/kind.ts';
import { decodePayload, encodePayload } from './schema/payload.ts';
import { decodeStored, PayloadUndecodable } from './upcast.ts';

const name = t.personal(t.string({ max: 40, pattern: /[^0-9]+/ }), { erasedAs: '[erased]' });
const Person = t.record('Person', { name, age: t.int() });

/** Every place where a personal string may stand, with a value around it and the path to it. */
const PLACES: readonly { place: string; schema: t.AnySchema; around: (text: unknown) => unknown; path: string }[] = [
  { place: 'a field', schema: name, around: (text) => text, path: '' },
  { place: 'a nullable field', schema: t.nullable(name), around: (text) => text, path: '' },
  { place: 'a field with a default', schema: t.withDefault(name, 'nobody'), around: (text) => text, path: '' },
  { place: 'a list', schema: t.array(name), around: (text) => ['Ada', text], path: '1' },
  { place: 'a map', schema: t.map(name), around: (text) => ({ first: text }), path: 'first' },
  { place: 'a record', schema: Person, around: (text) => ({ name: text, age: 36 }), path: 'name' },
  {
    place: 'a variant of a union',
    schema: t.union('kind', { person: { name }, firm: { number: t.int() } }),
    around: (text) => ({ kind: 'person', name: text }),
    path: 'name',
  },
  {
    place: 'all of them, one in the other',
    schema: t.nullable(t.array(t.map(t.nullable(t.union('kind', { person: { of: Person }, firm: {} }))))),
    around: (text) => [{ boss: { kind: 'person', of: { name: text, age: 36 } } }],
    path: '0.boss.of.name',
  },
];
const EVENT = (schema: t.AnySchema, more: t.Fields = {}) =>
  event('a.b.c', { customerId: t.string(), it: schema, ...more }, { subject: 'customerId' } as never);
const ID = '0198a1b2-0000-7000-8000-00000000000a' as EventId;
const METADATA = { correlationId: 'c' };

describe.each(PLACES)('a personal string in $place', ({ schema, around, path }) => {
  const type = EVENT(schema);
  const revised = EVENT(schema, { more: t.withDefault(t.string(), '') });
  const issueAt = { path: path === '' ? [] : path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key)) };

  test('is taken and written when it is plain text', () => {
    expect(schema['~standard'].validate(around('Ada'))).toEqual({ value: around('Ada') });
    expect(encodeEvent(type, type({ customerId: '1', it: around('Ada') }), ID, METADATA).payload).toContain('"Ada"');
  });
  test.each(['lf1:', 'lf1:Ada', 'lf1:AAAA.BBBB'])(
    'is refused at the edge when it begins as encrypted text does: %s',
    (text) => {
      expect(schema['~standard'].validate(around(text))).toEqual({
        issues: [{ ...issueAt, message: expect.stringContaining('reserved for encrypted text') }],
      });
    },
  );
  test.each(['lf1:', 'lf1:Ada'])(
    'is refused in the stored form of a value, with constraints or without: %s',
    (text) => {
      for (const constraints of [true, false])
        expect(encodePayload(schema, around(text), constraints)).toEqual({
          issues: [expect.objectContaining(issueAt)],
        });
      expect(() => t.toJson(schema, around(text))).toThrow(expect.objectContaining({ code: 'LF_VALUE_INVALID' }));
    },
  );
  test('is refused at append when it begins as encrypted text does', () => {
    expect(() => encodeEvent(type, type({ customerId: '1', it: around('lf1:Ada') }), ID, METADATA)).toThrow(
      expect.objectContaining({
        code: 'LF_EVENT_INVALID',
        message: expect.stringContaining('reserved for encrypted text'),
      }),
    );
  });
  test('is read whatever it is: what will take its place is text of any length that keeps to no constraint', () => {
    const ciphertext = `lf1:${'0'.repeat(500)}`;
    const text = JSON.stringify(around(ciphertext));
    expect(decodePayload(schema, text)).toEqual({ value: around(ciphertext) });
  });
  test('is found by whoever asks the schema', () => {
    expect(holdsPersonalData(schema)).toBe(true);
    expect(type.personal).toEqual(['it']);
    expect(JSON.stringify(schema.avro)).toContain('{"type":"string","personal":true,"erasedAs":"[erased]"}');
  });
  test('is no part of any message, in whatever way it does not fit', () => {
    const bad = [
      'Ada\0Lovelace',
      'Lovelace\ud800',
      'Lovelace 1815',
      'Lovelace'.repeat(99),
      ['Lovelace'],
      { Lovelace: 1 },
    ];
    const messages = bad.flatMap((value) => {
      const checked = schema['~standard'].validate(around(value));
      expect(checked).toHaveProperty('issues');
      return [
        JSON.stringify(checked),
        thrown(EventInvalid, () => encodeEvent(type, type({ customerId: '1', it: around(value) }), ID, METADATA)),
      ];
    });
    for (const value of [['Lovelace'], { Lovelace: 1 }, 1815]) {
      messages.push(thrown(InputInvalid, () => t.toJson(schema, around(value))));
      const stored = JSON.stringify({ customerId: '1', it: around(value) });
      // By its own schema, and resolved from that of an earlier revision.
      for (const reader of [type, revised])
        messages.push(thrown(PayloadUndecodable, () => decodeStored(reader, versionsOf(type)[0]!.writer, stored)));
    }
    expect(messages.join('\n')).not.toMatch(/Lovelace|1815/);
  });
});

test('plain text that is not personal may begin as encrypted text does', () => {
  expect(t.string()['~standard'].validate('lf1:x')).toEqual({ value: 'lf1:x' });
  expect(holdsPersonalData(t.record('R', { a: t.string(), b: t.array(t.uuid()) }))).toBe(false);
});
test.each(PLACES.filter(({ place }) => !place.includes('default')))(
  'no default begins as encrypted text does: $place',
  ({ schema, around }) => {
    expect(() => t.withDefault(schema, around('lf1:x'))).toThrow(
      expect.objectContaining({ code: 'LF_SCHEMA_INVALID' }),
    );
  },
);
test.each(PLACES)('personal data in $place is no subject, also for callers without types', ({ schema }) => {
  const named = (subject?: string) => () =>
    event('a.b.c', { id: t.string(), it: schema }, { ...(subject !== undefined && { subject }) } as never);
  expect(named('it')).toThrow(/subject 'it' is no field, or is itself personal/);
  expect(named()).toThrow(/'it' is personal, so the event must name its subject/);
  expect(named('id')).not.toThrow();
});

/** The message of the error that a call throws, and of all that it says was its cause. */
function thrown(kind: abstract new (...parts: never[]) => Error, call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(kind);
    const texts: string[] = [];
    for (let at: unknown = error; at instanceof Error; at = at.cause) texts.push(`${at.message} ${JSON.stringify(at)}`);
    return texts.join('\n');
  }
  throw new Error('the call did not throw');
}
