import type { Behind, Cursor, Lane } from '@leftfold/subscriptions';
import type { Watermarks } from './client.ts';
import { cursorOffset } from './cursor.ts';
import { TopicRecreated } from './errors.ts';

/**
 * How many records stand between places and the ends of their partitions, by offsets: a control record or a re-send counts, too. A lane without a place has
 * behind it what is still there; one whose place retention has passed all since then: what is gone was not handled either. Times are in the records alone,
 * which are not read.
 * @throws InputInvalid `LF_CURSOR_INVALID`; {@link TopicRecreated} `LF_TOPIC_RECREATED` for a place beyond the end
 */
export function recordsBehind(
  partitions: ReadonlyMap<Lane, Watermarks>,
  places: ReadonlyMap<Lane, Cursor | 'start'>,
): ReadonlyMap<Lane, Behind> {
  return new Map([...partitions].map(([lane, marks]) => [lane, behind(lane, places.get(lane) ?? 'start', marks)]));
}

function behind(lane: Lane, place: Cursor | 'start', { low, high }: Watermarks): Behind {
  const offset = place === 'start' ? low : cursorOffset(place);
  if (offset > high)
    throw new TopicRecreated(lane, `the saved place is offset ${offset}, but the partition ends at ${high}`);
  const events = Number(high - offset);
  return { events, publicEvents: events, isMore: false };
}
