import type { Checkpoints } from '../checkpoints.ts';
import { beginningsOf, moveRow } from './reaction-rows.ts';
import type { AnyReaction } from './reaction.ts';
import type { Cursor, Lane, Source } from '../source.ts';

/** Its row says that those of all lanes are written. No lane of a source has this name. */
const ALL = 'noted' as Lane;

/**
 * Notes where a reaction begins that begins from now on: the end of every lane at this call. Once: whoever comes later, or again after a crash, finds the places
 * noted, and goes on from there. A crash half way leaves no mark that all are noted; then the lanes that have no place get a later one, which no one was promised anything about.
 * A lane that comes into being afterwards begins at its start: all that is in it was written later.
 */
export async function noteBeginning(
  reaction: AnyReaction,
  source: Pick<Source, 'head'>,
  checkpoints: Checkpoints,
  owner: string,
): Promise<void> {
  const follower = beginningsOf(reaction);
  const note = (lane: Lane, cursor: Cursor): Promise<void> =>
    moveRow(checkpoints, { follower, lane, owner }, async (row) =>
      row.cursor === 'start' ? { cursor, ledger: null } : undefined,
    );
  if ((await notedBeginnings(checkpoints, reaction)).areAll) return;
  for (const [lane, end] of await source.head()) await note(lane, end);
  await note(ALL, 'noted' as Cursor);
}

/** Where lanes begin, as anybody may look: each that is not among them at its start, once all are noted. */
async function notedBeginnings(
  checkpoints: Pick<Checkpoints, 'list'>,
  reaction: Pick<AnyReaction, 'name'>,
): Promise<{ readonly areAll: boolean; readonly places: ReadonlyMap<Lane, Cursor> }> {
  const rows = await checkpoints.list(beginningsOf(reaction));
  const places = new Map(rows.flatMap(({ lane, cursor }) => (cursor === 'start' ? [] : [[lane, cursor] as const])));
  return { areAll: places.delete(ALL), places };
}

/** Where the lanes of a reaction are that begins from now on: those that are saved, and where the others will begin. Before its first start it has no places, and nothing is behind. */
export async function placesFromNow(
  checkpoints: Pick<Checkpoints, 'list'>,
  reaction: Pick<AnyReaction, 'name'>,
  saved: ReadonlyMap<Lane, Cursor | 'start'>,
): Promise<{ readonly areAll: boolean; readonly places: ReadonlyMap<Lane, Cursor> }> {
  const { areAll, places } = await notedBeginnings(checkpoints, reaction);
  const begun = [...saved].filter((place): place is [Lane, Cursor] => place[1] !== 'start');
  return { areAll, places: new Map([...places, ...begun]) };
}

/** Where a lane begins that was never read: `'start'` for one that came into being later, or where no beginning was noted. */
export async function beginningOf(
  reaction: AnyReaction,
  checkpoints: Checkpoints,
  lane: Lane,
): Promise<Cursor | 'start'> {
  return (await notedBeginnings(checkpoints, reaction)).places.get(lane) ?? 'start';
}
