import type { Claim } from '../checkpoints.ts';
import type { ReadModels } from '../read-models.ts';
import type { Cursor } from '../source.ts';
import type { AheadOfCheckpoint } from './ahead-of-checkpoint.ts';
import type { FoldEvent } from '../folding/fold-batch.ts';
import type { OwnProjection } from '../projection/own-projection.ts';
import type { SlicePace } from './slice-pace.ts';

/** A stream whose events could not all be applied, by a fault of the handlers' own. */
export interface StreamFailed {
  /** From the failing one on, to the end of the batch; none of them is applied. */
  readonly events: readonly FoldEvent[];
  readonly error: unknown;
}

/** The first event of a stream that fails. */
interface Found {
  readonly event: FoldEvent;
  readonly error: unknown;
}

/** Where a batch is dealt with. */
export interface BatchPlace {
  readonly readModels: Pick<ReadModels, 'aside'>;
  readonly claim: Claim;
  /** The saved place, from which the batch's transaction will move. */
  readonly from: Cursor | 'start';
  readonly ahead: AheadOfCheckpoint;
  /** Whether what {@link OwnProjection.apply} rejected with is a fault of the handlers' own, so that some event is at fault and others may not be. */
  readonly isRefusal: (error: unknown) => boolean;
  /** How many events a transaction may have. */
  readonly pace: Pick<SlicePace, 'size' | 'learn'>;
  /** Then no transaction is begun any more. */
  readonly interrupted: AbortSignal;
}

/** So many transactions each worker has in a batch, if there are as many streams: enough that none waits long for the last, few enough to share their cost. */
const SHARES = 4;
/**
 * Streams wait to be begun after so long, until all that are under way have ended. Each transaction holds the lane's checkpoint, which a renewal of its lease, and a claim, wait for:
 * without a pause there would be none as long as the batch lasts.
 */
const ROUND_MS = 2_000;

/**
 * Applies a batch with several streams side by side, each in its order, as `concurrency` says: where a statement takes long, others need not wait for it. Every part is a transaction of its own, under
 * the owner's epoch, that notes what it has applied: whoever goes on after a crash, or a fault, skips that, so an event has its effect once whatever the next batch is cut to. The caller moves the
 * checkpoint when all is done, and forgets the notes with it: the lane's place stays the mark below which everything is applied.
 *
 * Answers the streams that failed by faults of the handlers' own; their first events are named by trying parts of what failed. All others are applied by then.
 * @throws any other fault, as of a server, or {@link LaneLost}, when what was under way has ended; to be called again then, or the lane to be claimed · the signal's reason once it aborts, the same
 */
export async function applySideBySide(
  projection: OwnProjection,
  place: BatchPlace,
  events: readonly FoldEvent[],
): Promise<readonly StreamFailed[]> {
  const streams = Map.groupBy(place.ahead.left(events), ({ tenant, event }) => `${tenant}/${event.stream.id}`);
  const waiting = [...streams.values()];
  const share = Math.max(1, Math.floor(waiting.length / (projection.concurrency * SHARES)));
  const failed: StreamFailed[] = [];
  let fault: { readonly error: unknown } | undefined;

  const isGoingOn = (): boolean => waiting.length > 0 && fault === undefined && !place.interrupted.aborted;
  const work = async (until: number): Promise<void> => {
    while (isGoingOn() && performance.now() < until) {
      try {
        failed.push(...(await applyStreams(projection, place, takeFrom(waiting, share, place.pace.size))));
      } catch (error) {
        fault ??= { error };
      }
    }
  };
  while (isGoingOn()) {
    const until = performance.now() + ROUND_MS;
    await Promise.all(Array.from({ length: projection.concurrency }, () => work(until)));
  }
  if (fault !== undefined) throw fault.error;
  if (waiting.length > 0) place.interrupted.throwIfAborted();
  return failed;
}

/** The first streams: as many as may share a transaction, as long as their events fit in. One at least. */
function takeFrom(
  waiting: (readonly FoldEvent[])[],
  share: number,
  mostEvents: number,
): readonly (readonly FoldEvent[])[] {
  let [count, events] = [0, 0];
  do events += waiting[count++]?.length ?? 0;
  while (count < share && events + (waiting[count]?.length ?? Infinity) <= mostEvents);
  return waiting.splice(0, count);
}

/** Some streams in one transaction; if a handler fails, each by itself. */
async function applyStreams(
  projection: OwnProjection,
  place: BatchPlace,
  streams: readonly (readonly FoldEvent[])[],
): Promise<readonly StreamFailed[]> {
  if (streams.length > 1) {
    if ((await applyOnce(projection, place, streams.flat())) === undefined) return [];
  }
  const failed: StreamFailed[] = [];
  for (const stream of streams) {
    const found = await applyPieces(projection, place, stream);
    if (found === undefined) continue;
    failed.push({ events: stream.slice(stream.indexOf(found.event)), error: found.error });
  }
  return failed;
}

/** Events of one stream, as many in a transaction as there may be. Answers the first that fails; those before it are applied then. */
async function applyPieces(
  projection: OwnProjection,
  place: BatchPlace,
  events: readonly FoldEvent[],
): Promise<Found | undefined> {
  for (let from = 0; from < events.length;) {
    place.interrupted.throwIfAborted();
    const piece = events.slice(from, from + place.pace.size);
    const found = await applyStream(projection, place, piece);
    if (found !== undefined) return found;
    from += piece.length;
  }
  return undefined;
}

/** Events of one stream, at last by halves. Answers the first that fails; those before it are applied then. */
async function applyStream(
  projection: OwnProjection,
  place: BatchPlace,
  events: readonly FoldEvent[],
): Promise<Found | undefined> {
  const failed = await applyOnce(projection, place, events);
  const [event] = events;
  if (failed === undefined || event === undefined) return undefined;
  if (events.length === 1) return { event, error: failed.error };
  const half = events.length >> 1;
  return (
    (await applyStream(projection, place, events.slice(0, half))) ??
    (await applyStream(projection, place, events.slice(half)))
  );
}

/** One transaction. Answers a fault of the handlers' own; throws any other. */
async function applyOnce(
  projection: OwnProjection,
  { readModels, claim, from, ahead, isRefusal, pace }: BatchPlace,
  events: readonly FoldEvent[],
): Promise<{ readonly error: unknown } | undefined> {
  const notes = ahead.notes(events);
  try {
    await readModels.aside(claim, from, notes, (tx) => pace.learn(events.length, () => projection.apply(tx, events)));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { error };
  }
  ahead.noted(notes);
  return undefined;
}
