import { NewerEvent } from '@leftfold/core';
import { applyCarefully, isRefusal } from '../dealing/apply-carefully.ts';
import type { Applier } from '../dealing/applier.ts';
import { AtEvent } from '../following/at-event.ts';
import { causeOf } from './cause-of.ts';
import { DealtEvent } from '../dealing/dealt-event.ts';
import { DrainGate } from './drain-gate.ts';
import type { ModelTransaction } from '../read-models.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import type { ParkedCause, ParkedEvent, ParkedKey, ParkedRequest } from '../parked.ts';
import type { ProjectorTerms } from '../projection/projector-terms.ts';
import { recoveryOf } from '../following/recovery.ts';
import { CHUNK_BYTES, restoreChunk } from './restore-chunk.ts';
import type { RestoredEvent } from './restore-parked.ts';
import { withheldCause } from '../dealing/batch-gate.ts';
import type { Cursor } from '../source.ts';
import { TimeAllowance } from '../dealing/time-allowance.ts';

/** So many parked events are applied in one transaction; between two of them batches have their turn. */
const CHUNK = 100;
/** How long the lane waits for what decoding needs, before others have their turn again. */
const RESTORE_MS = 2_000;

/** What was asked of a key. */
export type RequestedKey = ParkedKey & { readonly request: ParkedRequest };
/** `'live'`: nothing of the key is left. `'parked'`: a part was done, or the request answered. `'later'`: nothing could be done now, and nothing has changed. */
export type Drained = 'live' | 'parked' | 'later';

/**
 * Carries out a part of what was asked of a parked key: its first events, in one transaction that moves the checkpoint from where it stands to there, which only the owner can
 * (hazard C15). To be called between batches: so what comes of the key meanwhile waits behind, and it is live again in the very transaction that takes its last event.
 */
export async function drainKey(
  owned: OwnedLane,
  { request, ...key }: RequestedKey,
  applier: Applier,
  terms: ProjectorTerms,
  interrupted: AbortSignal,
): Promise<Drained> {
  const { source, storage, types } = terms;
  const { follower, lane } = owned.claim;
  const parked = await storage.parked.events({ follower, lane, ...key }, { limit: CHUNK, bytes: CHUNK_BYTES });
  const [head] = parked;
  if (head === undefined) return 'live';
  if (request.kind === 'discard' && request.first === head.n) {
    const { by, reason = '', at: carriedOut } = request;
    const isLive = await still(owned, terms, (tx) => tx.parked.drop(key, head.n, { by, reason, carriedOut }));
    return isLive ? 'live' : 'parked';
  }
  // What it was about is gone: the rest is retried.
  if (head.kept === null) return answer(owned, key, terms, withheldCause({}), request);
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(RESTORE_MS)]);
  const restored = await restoreChunk(source, parked, types, signal).catch((error: unknown) => {
    interrupted.throwIfAborted();
    // A registry that is away must not hold up all keys for the sake of one.
    if (signal.aborted || recoveryOf(error) === 'again') return undefined;
    throw error;
  });
  if (restored === undefined) return 'later';
  const { events, fault } = restored;
  if (events.length === 0) return answer(owned, key, terms, causeOf(fault), request);

  const known = beforeNewer(events);
  if (known.length === 0) return 'later';
  for (let isCareful = false; ;) {
    try {
      return await still(owned, terms, (tx) => {
        const allowance = new TimeAllowance(terms.time, interrupted);
        return drainChunk(tx, key, known, { applier, request, isCareful, allowance });
      });
    } catch (error) {
      if (isCareful || !isRefusal(applier, error)) throw error;
      isCareful = true;
    }
  }
}

async function drainChunk(
  tx: ModelTransaction,
  key: ParkedKey,
  events: readonly RestoredEvent[],
  {
    applier,
    request,
    isCareful,
    allowance,
  }: {
    readonly applier: Applier;
    readonly request: ParkedRequest;
    readonly isCareful: boolean;
    readonly allowance: TimeAllowance;
  },
): Promise<Drained> {
  // From here on nobody can put another payload in their place; who has done so meanwhile wants that one to be applied.
  const now = await tx.parked.first(key, events.length);
  if (!events.every(({ parked }, place) => isSame(parked, now[place]))) return 'parked';
  const gate = new DrainGate();
  const dealt = events.flatMap(({ record, on }) => (record && on ? new DealtEvent(record, on) : []));
  const concerned = dealt.filter((event) => event.fault !== undefined || applier.concerns(event));
  const count = isCareful
    ? await applyCarefully(tx, applier, concerned, gate, allowance)
    : await applier.apply(tx, concerned, gate, allowance);

  const { failure } = gate;
  // It goes as far as the first that failed, or for which there was no time.
  const next = failure?.event ?? concerned[count];
  const end = next ? events.findIndex(({ record }) => record === next.record) : events.length;
  const last = events[end - 1];
  const isLive = last !== undefined && (await tx.parked.drop(key, last.parked.n));
  if (failure) await tx.parked.failed(key, causeOf(failure.error), request.at);
  return isLive ? 'live' : 'parked';
}

/** A transaction that moves the checkpoint to where it stands: that is, one of the owner's. */
const still = <T>(
  { claim, saved }: OwnedLane,
  { storage }: ProjectorTerms,
  work: (tx: ModelTransaction) => Promise<T>,
): Promise<T> => storage.readModels.transaction(claim, { from: saved, to: saved as Cursor }, work);

async function answer(
  owned: OwnedLane,
  key: ParkedKey,
  terms: ProjectorTerms,
  cause: ParkedCause,
  request: ParkedRequest,
): Promise<Drained> {
  await still(owned, terms, (tx) => tx.parked.failed(key, cause, request.at));
  return 'parked';
}

/** Those before the first that is newer than this code: it waits for newer code, and the request with it (hazard C16). */
function beforeNewer(events: readonly RestoredEvent[]): readonly RestoredEvent[] {
  const at = events.findIndex(({ record, on }) => record !== undefined && on !== undefined && isNewer(record, on));
  return at < 0 ? events : events.slice(0, at);
}
/** Whether a record was written by a newer release. */
const isNewer = (record: DealtEvent['record'], on: DealtEvent['on']): boolean => record.version > (on.latest as number);
/** @throws {@link AtEvent} `LF_NEWER_EVENT` for an event that is newer than this code */
export function refuseNewer({ record, on, reference }: DealtEvent): void {
  if (isNewer(record, on)) throw new AtEvent(new NewerEvent(on.type, record.version, on.latest as number), reference);
}

const isSame = (a: ParkedEvent, b: ParkedEvent | undefined): boolean =>
  a.n === b?.n && a.edited?.at.getTime() === b.edited?.at.getTime();
