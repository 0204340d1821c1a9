import type { AnyEventType } from '@leftfold/core';
import { causeOf } from '../parking/cause-of.ts';
import type { Drained, RequestedKey } from '../parking/drain-key.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import type { ParkedCause, ParkedEvent, ParkedWriter } from '../parked.ts';
import { readEvent } from '../projection/read-event.ts';
import { recoveryOf } from '../following/recovery.ts';
import { restoreParked, type Restored, type RestoredEvent } from '../parking/restore-parked.ts';
import { runEffect, type EffectOutcome, type EffectRun } from './run-effect.ts';
import { withheldCause } from '../dealing/batch-gate.ts';
import type { AnyReaction, EffectHandler } from './reaction.ts';
import type { Cursor, Source } from '../source.ts';
import type { Storage } from '../storage.ts';

/** So many effects of a key are run before others of the lane have their turn. */
const CHUNK = 20;
/** How long the lane waits for what decoding needs, before others have their turn again. */
const RESTORE_MS = 2_000;

/** `changed`: it stays, since somebody has put another payload in its place meanwhile, and wants the effect of that. */
type Dropped = 'live' | 'parked' | 'changed';

/** What draining needs. */
export interface DrainTerms {
  readonly reaction: AnyReaction;
  readonly source: Source;
  readonly storage: Pick<Storage, 'parked' | 'readModels'>;
  readonly types: ReadonlyMap<string, AnyEventType>;
  readonly handlers: ReadonlyMap<string, EffectHandler>;
}

/**
 * Carries out a part of what was asked of a key: runs the effects of its first events, one attempt each, and drops each as it is done, in a transaction that moves the checkpoint from where
 * it stands to there, which only the owner can (hazard C15). To be called between batches: what comes of the key meanwhile waits behind.
 */
export async function drainEffects(
  owned: OwnedLane,
  { request, ...key }: RequestedKey,
  replaying: boolean,
  terms: DrainTerms,
  interrupted: AbortSignal,
): Promise<Drained> {
  const { follower, lane } = owned.claim;
  const events = await terms.storage.parked.events({ follower, lane, ...key }, { limit: CHUNK });
  const [head] = events;
  if (head === undefined) return 'live';
  const dropped = (event: ParkedEvent, discarded?: Parameters<ParkedWriter['drop']>[2]): Promise<Dropped> =>
    still(owned, terms, async ({ parked }) => {
      const [first] = await parked.first(key, 1);
      if (first?.n !== event.n || first.edited?.at.getTime() !== event.edited?.at.getTime()) return 'changed';
      return (await parked.drop(key, event.n, discarded)) ? 'live' : 'parked';
    });
  const failed = async (cause: ParkedCause): Promise<Drained> => {
    await still(owned, terms, ({ parked }) => parked.failed(key, cause, request.at));
    return 'parked';
  };

  if (request.kind === 'discard' && request.first === head.n) {
    const { by, reason = '', at: carriedOut } = request;
    const outcome = await dropped(head, { by, reason, carriedOut });
    return outcome === 'changed' ? 'parked' : outcome;
  }
  if (head.kept === null) return failed(withheldCause({}));
  const restored = await restoredSoon(events, terms, interrupted);
  if (restored === undefined) return 'later';
  if (restored.events.length === 0) return failed(causeOf(restored.fault));
  let drained: Drained = 'later';
  for (const event of restored.events) {
    const ran = await attempt(owned, event, replaying, terms, interrupted);
    if (ran.kind === 'wait') return drained;
    if (ran.kind !== 'done') return failed(causeOf(ran.error));
    const outcome = await dropped(event.parked);
    // It is still the first: none of those behind it may be run before its effect is run anew.
    if (outcome === 'changed') return 'parked';
    drained = outcome;
  }
  return drained;
}

/** `undefined` where a registry or a log does not answer soon: it must not hold up all keys for the sake of one. */
async function restoredSoon(
  events: readonly ParkedEvent[],
  { source, types }: DrainTerms,
  interrupted: AbortSignal,
): Promise<Restored | undefined> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(RESTORE_MS)]);
  return restoreParked(source, events, types, signal).catch((error: unknown) => {
    interrupted.throwIfAborted();
    if (signal.aborted || recoveryOf(error) === 'again') return undefined;
    throw error;
  });
}

/** Of a type that is handled no more there is no effect to wait for. */
async function attempt(
  owned: OwnedLane,
  { record, on }: RestoredEvent,
  replaying: boolean,
  { reaction, handlers }: DrainTerms,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const handler = record && handlers.get(record.type);
  if (record === undefined || on === undefined || handler === undefined) return { kind: 'done' };
  try {
    const event = readEvent(on, record);
    const recover = { kind: 'stop' } as const;
    const began: EffectRun['began'] = (work) => owned.began(work);
    return await runEffect({ reaction, handler, record, event, replaying, recover, signal, troubled: () => {}, began });
  } catch (error) {
    signal.throwIfAborted();
    return recoveryOf(error) === 'stop' ? { kind: 'stop', error, attempts: 1 } : { kind: 'wait', error };
  }
}

const still = <T>(
  { claim, saved }: OwnedLane,
  { storage }: DrainTerms,
  work: (tx: ModelTransaction) => Promise<T>,
): Promise<T> => storage.readModels.transaction(claim, { from: saved, to: saved as Cursor }, work);
