import type { Cursor, Lane } from '@leftfold/subscriptions';
import type { Watermarks } from './client.ts';
import { parsePlace } from './cursor.ts';
import type { Place } from './cursor.ts';
import { RetentionPassed, TopicRecreated } from './errors.ts';

/** A partition as it is now. */
export interface PartitionNow extends Watermarks {
  /** Absent where the client does not tell. */
  readonly topicId: string | undefined;
}

/**
 * Where to begin in a partition, for a reader who stands at a cursor. Pure. Offsets see less than they seem to: a topic that was made anew and has grown
 * past the place looks sound here, and is found out by its id, where one is known, or by the first record's number (C11b).
 * @param known the topic's id as it was when this process last read from this place; for cursors that carry none.
 * @throws {@link RetentionPassed} `LF_RETENTION_PASSED`, {@link TopicRecreated} `LF_TOPIC_RECREATED`, InputInvalid `LF_CURSOR_INVALID`
 */
export function openPlace(
  lane: Lane,
  from: Cursor | 'start',
  { low, high, topicId }: PartitionNow,
  known?: string,
): Place {
  const place: Place = from === 'start' ? { last: 'start', nextOffset: low } : parsePlace(from);
  const before = place.topicId ?? (from === 'start' ? undefined : known);
  if (topicId !== undefined && before !== undefined && before !== topicId)
    throw new TopicRecreated(lane, `the place belongs to the topic with the id ${before}, now its id is ${topicId}`);
  // Everything that ever stood there is gone, and nobody knows what it was.
  if (from === 'start' && low > 0n && low === high)
    throw new RetentionPassed(lane, 'the first record', `offset ${low}`);
  if (place.nextOffset < low) throw new RetentionPassed(lane, `offset ${place.nextOffset}`, `offset ${low}`);
  if (place.nextOffset > high)
    throw new TopicRecreated(lane, `the place is offset ${place.nextOffset}, but the partition ends at ${high}`);
  const id = topicId ?? place.topicId;
  return id === undefined ? place : { ...place, topicId: id };
}
