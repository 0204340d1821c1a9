import type { RecordedEvent } from '@leftfold/core';
import type { FoldEvent } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sqlSteps, type SqlHandler } from './sql-steps.ts';

const handler = (takes: SqlHandler['takes']): SqlHandler => ({ takes, apply: async () => {} });
const [one, many] = [handler('each'), handler('all')];
const handlers = new Map([
  ['a', one],
  ['b', many],
  ['c', many],
]);

test('each stream’s events stay in order, those of a step too, none is lost, and no stream needs more steps than it changes handlers', () => {
  const event = fc.record({
    type: fc.constantFrom('a', 'b', 'c', 'unhandled'),
    stream: fc.constantFrom('s', 't', 'u'),
    tenant: fc.constantFrom('', 'x'),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (drawn) => {
      const events = drawn.map(({ type, stream, tenant }, n) => ({
        tenant,
        event: { type, stream: { id: stream, version: BigInt(n) }, metadata: { tenant } } as unknown as RecordedEvent,
      }));
      const steps = sqlSteps(handlers, events);
      const placeOf = ({ stream: { version } }: RecordedEvent): bigint => version;
      for (const { events: given, handler: of } of steps) {
        expect(given.map(placeOf)).toEqual(given.map(placeOf).toSorted((a, b) => (a < b ? -1 : 1)));
        expect(given.every(({ type }) => handlers.get(type) === of)).toBe(true);
      }
      const handled = events.filter(({ event: { type } }) => handlers.has(type));
      const applied = steps.flatMap((step) => step.events);
      for (const of of Map.groupBy(handled, streamOf).values()) {
        const wanted = of.map(({ event }) => event);
        expect(applied.filter((each) => wanted.includes(each))).toEqual(wanted);
      }
      expect(applied).toHaveLength(handled.length);
    }),
  );
});
const streamOf = ({ tenant, event }: FoldEvent): string => `${tenant}/${event.stream.id}`;

test('streams that do not alternate share one step for each handler', () => {
  const events = ['s', 't', 'u'].flatMap((stream) =>
    ['a', 'b', 'c'].map((type, n) => ({
      tenant: '',
      event: { type, stream: { id: stream, version: BigInt(n) } } as unknown as RecordedEvent,
    })),
  );
  expect(sqlSteps(handlers, events).map(({ events: given }) => given.length)).toEqual([3, 6]);
});
