import type { Claim } from '../checkpoints.ts';
import type { ReadModels } from '../read-models.ts';
import type { Cursor } from '../source.ts';
import type { AheadOfCheckpoint } from './ahead-of-checkpoint.ts';
import type { FoldEvent } from './fold-batch.ts';
import type { OwnProjection } from './own-projection.ts';

/** A stream whose events could not all be applied, by a fault of the handlers' own. */
export interface StreamFailed {
  /** From the failing one on, to the end of the batch; none of them is applied. */
  readonly events: readonly FoldEvent[];
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
 * @throws any other fault, as of a server, or {@link LaneLost}, when what was under way has ended; to be called again then, or the lane to be claimed
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

  const work = async (until: number): Promise<void> => {
    while (waiting.length > 0 && fault === undefined && Date.now() < until) {
      try {
        failed.push(...(await applyStreams(projection, place, waiting.splice(0, share))));
      } catch (error) {
        fault ??= { error };
      }
    }
  };
  while (waiting.length > 0 && fault === undefined) {
    const until = Date.now() + ROUND_MS;
    await Promise.all(Array.from({ length: projection.concurrency }, () => work(until)));
  }
  if (fault !== undefined) throw fault.error;
  return failed;
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
    const found = await applyStream(projection, place, stream);
    if (found === undefined) continue;
    failed.push({ events: stream.slice(stream.indexOf(found.event)), error: found.error });
  }
  return failed;
}

/** Events of one stream, at last by halves. Answers the first that fails; those before it are applied then. */
async function applyStream(
  projection: OwnProjection,
  place: BatchPlace,
  events: readonly FoldEvent[],
): Promise<{ readonly event: FoldEvent; readonly error: unknown } | undefined> {
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
  { readModels, claim, from, ahead, isRefusal }: BatchPlace,
  events: readonly FoldEvent[],
): Promise<{ readonly error: unknown } | undefined> {
  const notes = ahead.notes(events);
  try {
    await readModels.aside(claim, from, notes, (tx) => projection.apply(tx, events));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { error };
  }
  ahead.noted(notes);
  return undefined;
}
