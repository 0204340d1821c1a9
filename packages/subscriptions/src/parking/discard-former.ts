import { InputInvalid } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';
import type { ParkedEvent, ParkedHead } from '../parked.ts';
import { kindOf, savedKind } from '../projection/source-moved.ts';
import type { Cursor, Lane, Source } from '../source.ts';
import type { Storage } from '../storage.ts';
import { checkText, parkedEvents, parkedKeys } from './parked-requests.ts';

/** Long enough for the transaction of one key; nobody else wants the lane. */
const CLAIM = { owner: 'discard-former', leaseMs: 60_000, respectLease: true } as const;

/** How to discard what is parked of a former source. */
export interface DiscardFormerOptions {
  /** The source that the follower follows now. What is parked on lanes of others goes. */
  readonly from: Source;
  readonly by: string;
  readonly reason: string;
}

/**
 * Discards what a follower has parked on lanes that it follows no more, since it was moved to a source of another kind, as from the log to Kafka: no owner of theirs ever comes again, so no request on them is carried out. A source is
 * begun at its start: the same events came again, and were applied or parked there, unless its retention had passed them. So look first at what goes ({@link parkedKeys}; {@link projectionStatus} marks
 * the lanes). Each event leaves a note, with the reason. Answers how many keys went.
 *
 * It becomes the owner of such a lane for that (hazard C15), and passes over one that somebody still follows, as the release before in a deploy. To be called again. Role `leftfold_projector`.
 * @throws {@link InputInvalid} `LF_PARKED_REQUEST_INVALID` for a name of nobody, an empty reason, or a source from which the follower has not taken anything yet
 */
export async function discardFormerParked(
  storage: Pick<Storage, 'parked' | 'checkpoints' | 'readModels'>,
  follower: FollowerId,
  { from, by, reason }: DiscardFormerOptions,
): Promise<number> {
  checkText('by', by);
  checkText('reason', reason);
  const present = await from.head();
  const saved = await storage.checkpoints.list(follower);
  if (!saved.some((row) => present.has(row.lane) && savedKind(row) === kindOf(from)))
    throw new InputInvalid(
      'LF_PARKED_REQUEST_INVALID',
      `${follower.name} version ${follower.version} has taken nothing from ${from.name}; name the source that it follows now`,
    );
  // By the kind of source that each place is of: a lane that this one does not name may be another topic's, which is followed as well.
  const former = saved.filter((row) => {
    const kind = savedKind(row);
    return !present.has(row.lane) && row.cursor !== 'start' && kind !== undefined && kind !== kindOf(from);
  });
  let keys = 0;
  for (const { lane } of former) keys += await discardLane(storage, follower, lane, { by, reason });
  return keys;
}

async function discardLane(
  storage: Pick<Storage, 'parked' | 'checkpoints' | 'readModels'>,
  follower: FollowerId,
  lane: Lane,
  why: { readonly by: string; readonly reason: string },
): Promise<number> {
  const heads: ParkedHead[] = [];
  for await (const head of parkedKeys(storage, { follower })) if (head.lane === lane) heads.push(head);
  if (heads.length === 0) return 0;
  const claim = await storage.checkpoints.claim(follower, lane, CLAIM);
  if (claim === undefined) return 0;
  try {
    const still = { from: claim.cursor, to: claim.cursor as Cursor };
    for (const { tenant, key, ...at } of heads) {
      let last: ParkedEvent | undefined;
      for await (const event of parkedEvents(storage, { ...at, tenant, key })) last = event;
      const through = last?.n ?? 0n;
      await storage.readModels.transaction(claim, still, (tx) =>
        tx.parked.drop({ tenant, key }, through, { ...why, carriedOut: new Date(0) }),
      );
    }
    return heads.length;
  } finally {
    await storage.checkpoints.release(claim);
  }
}
