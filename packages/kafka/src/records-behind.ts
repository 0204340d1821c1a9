import type { Behind, Cursor, Lane } from '@leftfold/subscriptions';
import { cursorOffset } from './cursor.ts';
import { TopicRecreated } from './errors.ts';

/**
 * How many records stand between places and the ends of their partitions, by offsets: a control record or a re-send counts, too. Times are in the records
 * alone, which are not read.
 * @throws InputInvalid `LF_CURSOR_INVALID`; {@link TopicRecreated} `LF_TOPIC_RECREATED` for a place beyond the end
 */
export function recordsBehind(
  heads: ReadonlyMap<Lane, Cursor>,
  places: ReadonlyMap<Lane, Cursor | 'start'>,
): ReadonlyMap<Lane, Behind> {
  return new Map([...heads].map(([lane, head]) => [lane, behind(lane, places.get(lane) ?? 'start', head)]));
}

function behind(lane: Lane, place: Cursor | 'start', head: Cursor): Behind {
  const [offset, end] = [cursorOffset(place), cursorOffset(head)];
  if (offset > end)
    throw new TopicRecreated(lane, `the saved place is offset ${offset}, but the partition ends at ${end}`);
  const events = Number(end - offset);
  return { events, publicEvents: events, isMore: false };
}
