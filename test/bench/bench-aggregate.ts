import {
  aggregate,
  encodeEvent,
  event,
  t,
  uuidV7,
  type EncodedEvent,
  type EventId,
  type StreamRef,
} from '@leftfold/core';
import type { BenchPayload } from './payloads.ts';

export const noted = event('bench.note.noted', { noise: t.string(), text: t.string() });
/** Further types of the same shape, for logs of many types: the 0th is {@link noted} itself. */
export const notedAs = (nth: number): typeof noted =>
  nth === 0
    ? noted
    : (event(`bench.note.noted-${nth}`, { noise: t.string(), text: t.string() }) as unknown as typeof noted);

/** The smallest aggregate: it counts its events, and a command records one. What is measured is the way, not the domain. */
export const note = aggregate('bench.note', {
  events: { noted },
  initial: () => ({ count: 0 }),
  refusals: {},
})
  .evolve({ noted: ({ count }) => ({ count: count + 1 }) })
  .decide({ take: (_, input: BenchPayload) => [noted(input)] });

/** The stream of a key. */
export const noteStream = (key: string): StreamRef => note.stream(key, '');

/** An event as the repository hands it to a store: encoded, with metadata of its own. */
export function encodedNote(payload: BenchPayload, type: typeof noted = noted): EncodedEvent {
  return encodeEvent(type, type(payload), uuidV7() as EventId, { correlationId: uuidV7() });
}

/** The same with another id, without encoding it again. */
export function renewed(encoded: EncodedEvent): EncodedEvent {
  return { ...encoded, id: uuidV7() as EventId };
}
