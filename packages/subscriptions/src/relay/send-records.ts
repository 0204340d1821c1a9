import { fullJitter } from '../following/backoff.ts';
import { partitionLines, type PartitionLine } from './partition-line.ts';
import { pause } from '../following/pause.ts';
import type { PartitionOutcome, Publisher, PublishRecord } from '../publisher.ts';
import { AGAIN } from '../following/recovery.ts';
import { RecordsUnconfirmed, RelayFault } from './relay-fault.ts';

/** What sending needs besides the records. */
export interface Sending {
  readonly publisher: Publisher;
  /** Ends the sending: at a stop between two attempts, at the loss of the lane also within one. */
  readonly interrupted: AbortSignal;
  readonly lost: AbortSignal;
  /** Before anything is sent again: something happened to the topics, see that they are still the same. Rejects when not. */
  recheck(): Promise<void>;
  /** @param records how many are sent again */
  retrying(error: RecordsUnconfirmed, records: number): void;
  /**
   * The broker refuses the record at this place for what it is. Answers, by place, what goes in its stead and in that of records after it that have to be held back
   * with it, once that is noted durably. Rejects where the record may not be replaced.
   */
  withhold(place: number, cause: unknown): Promise<ReadonlyMap<number, PublishRecord>>;
  /** A part of a partition is confirmed. */
  written?(outcome: PartitionOutcome): void;
}

/**
 * Sends records until the broker has confirmed every partition. What is not confirmed is sent again as it is, partition by partition whole: a key's
 * records then stand there again in their order, each known by its number (hazards R1, R5). A partition that the answer leaves out is not confirmed.
 *
 * Where the broker refuses records of a partition for what they are, they go in halves, the first one first, until the one that is refused stands alone; it is
 * withheld, and all others are written, in their order (hazard R15). Meanwhile the other partitions go on.
 *
 * @throws {@link RelayFault} `LF_RECORD_REFUSED` when it will never take them, whatever they are · what {@link Sending.withhold} rejects with · the cause
 *   of a partition that is in doubt, where that is final
 */
export async function sendUntilWritten(records: readonly PublishRecord[], sending: Sending): Promise<void> {
  const { publisher, interrupted, lost } = sending;
  const all = [...records];
  let lines = partitionLines(records);
  for (let attempt = 0, sent = records; ; sent = lines.flatMap(({ next }) => next.map(at))) {
    interrupted.throwIfAborted();
    const outcome = await publisher.publish(sent, { signal: lost });
    const of = new Map(outcome.map((partition) => [nameOf(partition), partition]));
    for (const partition of outcome) refuseRefused(partition);

    const doubtful: PartitionLine[] = [];
    for (const line of lines) {
      const answer = of.get(line.name);
      if (answer?.kind === 'written') {
        line.written();
        sending.written?.(answer);
      } else if (isOfContent(answer) && line.alone === undefined) line.halve();
      else if (isRefused(answer) && line.alone !== undefined)
        for (const [place, small] of await sending.withhold(line.alone, answer.cause)) all[place] = small;
      else doubtful.push(line);
    }
    lines = lines.filter(({ isWritten }) => !isWritten);
    if (lines.length === 0) return;
    if (doubtful.length === 0) continue;

    for (const { name } of doubtful) refuseFinal(of.get(name));
    attempt += 1;
    const answer = of.get((doubtful[0] as PartitionLine).name);
    const cause = answer && 'cause' in answer ? answer.cause : 'its answer says nothing of them';
    sending.retrying(
      new RecordsUnconfirmed(
        doubtful.map(({ name }) => name),
        cause,
      ),
      doubtful.reduce((sum, { unwritten }) => sum + unwritten, 0),
    );
    await pause(fullJitter(attempt, AGAIN), interrupted);
    await sending.recheck();
  }

  function at(place: number): PublishRecord {
    return all[place] as PublishRecord;
  }
}

type Refused = PartitionOutcome & { readonly kind: 'notWritten'; readonly refused: true };

/** Nothing of it was written, and nothing of it will be. */
const isRefused = (outcome: PartitionOutcome | undefined): outcome is Refused =>
  outcome?.kind === 'notWritten' && outcome.refused;

/**
 * Something in it is refused for what it is; what stands before that may be written already. Told by the code alone: a right that is missing, or a partition that
 * is not there, is refused as well, and no fault of any record.
 */
const isOfContent = (outcome: PartitionOutcome | undefined): boolean =>
  outcome !== undefined &&
  'cause' in outcome &&
  (outcome.kind === 'unknown' || outcome.refused) &&
  (outcome.cause as { readonly code?: unknown } | null | undefined)?.code === 'LF_RECORD_REFUSED';

function refuseRefused(outcome: PartitionOutcome): void {
  if (!isRefused(outcome) || isOfContent(outcome)) return;
  const why = outcome.cause instanceof Error ? outcome.cause.message : String(outcome.cause);
  throw new RelayFault(
    'LF_RECORD_REFUSED',
    `the broker will not take a record for ${nameOf(outcome)}: ${why}; grant the right or mend the topic, then start the relay again`,
    { cause: outcome.cause },
  );
}

/** A missing right, a wrong password: whatever is sent again, the answer stays the same until a person acts (`LF_BROKER_REFUSED`). */
function refuseFinal(outcome: PartitionOutcome | undefined): void {
  if (outcome === undefined || !('cause' in outcome) || isOfContent(outcome)) return;
  const { code, retryable } = (outcome.cause ?? {}) as { readonly code?: unknown; readonly retryable?: unknown };
  if (typeof code === 'string' && code.startsWith('LF_') && retryable === false) throw outcome.cause as Error;
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;
