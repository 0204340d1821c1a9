import type { Envelope } from '@leftfold/core';
import type { PublishRecord } from '../publisher.ts';
import { formatRecord, type RecordFrame } from './record-format.ts';

/**
 * What is special about a record (hazard R15).
 *
 * - `withheld`: stands for an event that is not in the topic; `code` says why. Every later event of its key is withheld, too, until it is redriven or given up.
 * - `redriven`: the event itself, sent again under a new sequence after it had been withheld.
 * - `given-up`: stands for an event that was withheld and will never come; `reason` is an operator's. Later events of its key follow.
 */
export type RecordMark =
  | { readonly kind: 'withheld'; readonly code: string }
  | { readonly kind: 'redriven' }
  | { readonly kind: 'given-up'; readonly reason: string };

/** Those that stand for an event without being one. */
export type EmptyMark = Exclude<RecordMark, { readonly kind: 'redriven' }>;

const text = new TextEncoder();

/**
 * The small record that goes in an event's place, under its sequence and key: the headers that say which event it is, and a small JSON value, never an empty
 * one, which would be a tombstone. It is in version 2 of the record format, so that code from before takes it for what it cannot read, not for the event.
 * What the application put into the event's headers is left out: it may be what the broker refuses. Pure.
 */
export function markRecord(
  event: Envelope,
  at: { readonly topic: string; readonly partition: number } & Omit<RecordFrame, 'contentType' | 'mark'>,
  mark: EmptyMark,
): PublishRecord {
  const { topic, partition, ...frame } = at;
  const bare = { ...event, metadata: { correlationId: event.metadata.correlationId } };
  const value = mark.kind === 'withheld' ? { withheld: mark.code } : { givenUp: mark.reason };
  return {
    topic,
    partition,
    value: text.encode(JSON.stringify(value)),
    ...formatRecord(bare, { ...frame, contentType: 'application/json', mark }),
  };
}
