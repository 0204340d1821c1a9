import { InputInvalid } from '@leftfold/core';
import type { Cursor, RecordPlace } from '@leftfold/subscriptions';

/**
 * A place in a partition: the offset to read next, and the last record before it by the relay's own numbers. Offsets alone do not
 * see a topic that was deleted, made anew and has grown past the saved place (C11b); the numbers do.
 */
export interface Place {
  /** The last record dealt with; `'start'` before the first. */
  readonly last: RecordPlace | 'start';
  readonly nextOffset: bigint;
  /** The cluster's id of the topic. Absent as long as no client that tells it has read from here. */
  readonly topicId?: string;
}

const PLACE = /^k1\/([^/]*)\/(\d{1,10})\/(\d{1,16})\/(\d{1,19})(?:\/([\da-f-]{36}))?$/;
const END = /^k1\/end\/(\d{1,19})$/;

/**
 * `k1/<log id>/<generation>/<sequence>/<next offset>`, with no id and zeros before the first record; behind it `/<topic id>` where that is known, a UUID.
 * A client that knows no topic ids carries one along as it came. Stands in checkpoints: what was written once is understood for ever.
 */
export function placeCursor({ last, nextOffset, topicId }: Place): Cursor {
  const { log, generation, sequence } = last === 'start' ? { log: '', generation: 0, sequence: 0 } : last;
  const topic = topicId === undefined ? '' : `/${topicId}`;
  return `k1/${encodeURIComponent(log)}/${generation}/${sequence}/${nextOffset}${topic}` as Cursor;
}

/** @throws InputInvalid `LF_CURSOR_INVALID` when the text is no place in a partition: a cursor of the log, an end, garbage. */
export function parsePlace(cursor: Cursor): Place {
  const parts = PLACE.exec(cursor);
  if (parts === null) {
    throw new InputInvalid(
      'LF_CURSOR_INVALID',
      `${JSON.stringify(cursor.slice(0, 80))} is no place in a partition; a follower that moves to another source starts as a new version`,
    );
  }
  const [, log = '', generation = '', sequence = '', nextOffset = '', topicId] = parts;
  return {
    last:
      log === ''
        ? 'start'
        : { log: decodeURIComponent(log), generation: Number(generation), sequence: Number(sequence) },
    nextOffset: BigInt(nextOffset),
    ...(topicId !== undefined && { topicId }),
  };
}

/** `k1/end/<offset>`: where a partition ended. It carries no numbers of records, so nobody can read on from it. */
export function endCursor(offset: bigint): Cursor {
  return `k1/end/${offset}` as Cursor;
}

/** The offset up to which a follower at this cursor has read, or an end reaches. @throws InputInvalid `LF_CURSOR_INVALID` */
export function cursorOffset(cursor: Cursor | 'start'): bigint {
  if (cursor === 'start') return 0n;
  const end = END.exec(cursor)?.[1];
  return end === undefined ? parsePlace(cursor).nextOffset : BigInt(end);
}
