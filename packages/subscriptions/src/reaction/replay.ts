import { DefinitionError } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';
import { type AnyReaction, type ReplayPolicy } from './reaction.ts';
import { ownerName } from '../following/owner-name.ts';
import { doneIn, reactionLedger, refuseOtherSource } from './reaction-ledger.ts';
import { announceReplay } from './replays-here.ts';
import { moveRow, reachedOf } from './reaction-rows.ts';
import type { Cursor, Lane, Source } from '../source.ts';
import type { Log, Storage } from '../storage.ts';

/** What is to be read again, and how. */
export interface ReplayOptions {
  /** What the reaction follows. */
  readonly from: Source;
  readonly storage: Pick<Storage, 'checkpoints'>;
  /** Default: everything. A time by the clock of the store, of a log only: everything recorded since, and maybe a little more. */
  readonly since?: Date;
  /** What whoever asks takes the effects for. Must be what the reaction declares. */
  readonly as: ReplayPolicy;
}

/**
 * Sends a reaction back, on every lane that it has begun: it reads again from there, whichever processes follow with it, and whether any does now. Up to the highest place it ever
 * reached its effects are replays, dealt with as it declares: not run, run with `replaying: true`, or collected. That place is saved before the lane goes back, in a row
 * of its own, so no crash, take-over or second replay loses it (hazard C9); what comes after it is run as ever, in the same order of its streams. What is parked was not run, so it is not
 * replayed; what fails in the replay waits by itself. A process that follows begins at once if this is called in it, else within seconds, and ends what it has under way.
 *
 * Effects that a process runs while this is called, and did not save yet (a fifth of a second's), may be run once more, under the same idempotency keys. Answers the lanes that went back. Not atomic over lanes:
 * where it fails, call it again.
 *
 * @throws {@link DefinitionError} `LF_REPLAY_NOT_DECLARED` when the reaction declares something else, or nothing; nothing was done
 * @throws {@link DefinitionError} `LF_REPLAY_SINCE_UNKNOWN` when a source that is no log is asked for a time · `LF_SOURCE_CHANGED` when it follows another one
 */
export async function replay(reaction: AnyReaction, options: ReplayOptions): Promise<readonly Lane[]> {
  const { from: source, storage, since, as } = options;
  const { checkpoints } = storage;
  refuseUndeclared(reaction, as);
  const owner = ownerName();
  const follower: FollowerId = { name: reaction.name, version: 0 };
  const places = since === undefined ? undefined : await placesAt(source, since);
  const back: Lane[] = [];
  for (const { lane, cursor: known } of await checkpoints.list(follower)) {
    if (known === 'start') continue;
    const beginning = places?.get(lane) ?? (await source.division?.beginning(lane)) ?? ('start' as Cursor);
    let isMoved = false;
    await moveRow(checkpoints, { follower, lane, owner }, async ({ cursor, ledger }) => {
      isMoved = false;
      refuseOtherSource(reaction, source, ledger);
      // Forward would be past what nobody has seen.
      const isBack = cursor !== 'start' && (beginning === 'start' || source.hasPassed(cursor, beginning));
      if (!isBack) return undefined;
      await moveRow(checkpoints, { follower: reachedOf(reaction), lane, owner }, async (highest) =>
        highest.cursor !== 'start' && !source.hasPassed(cursor, highest.cursor)
          ? undefined
          : { cursor, ledger: reactionLedger(source, cursor, doneIn({ cursor, ledger })) },
      );
      isMoved = true;
      return { cursor: beginning, ledger: reactionLedger(source, beginning) };
    });
    if (!isMoved) continue;
    back.push(lane);
    announceReplay(checkpoints, reaction.name, lane);
  }
  return back;
}

function refuseUndeclared({ name, replay: declared }: AnyReaction, as: ReplayPolicy): void {
  if (as === declared) return;
  const remedy =
    as === 'run' || as === 'collect' || as === 'skip' ? `ask for '${declared}', or declare '${as}'` : 'say `as`';
  throw new DefinitionError(
    'LF_REPLAY_NOT_DECLARED',
    `reaction ${name} is replay: '${declared}', and is not replayed otherwise; nothing was done: ${remedy}`,
  );
}

async function placesAt(source: Source, since: Date): Promise<ReadonlyMap<Lane, Cursor>> {
  if ('at' in source && typeof source.at === 'function') return (source as Source & Pick<Log, 'at'>).at(since);
  throw new DefinitionError(
    'LF_REPLAY_SINCE_UNKNOWN',
    `${source.name} has no places by time; replay everything, without \`since\``,
  );
}
