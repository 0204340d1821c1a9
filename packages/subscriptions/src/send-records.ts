import { fullJitter } from './backoff.ts';
import { pause } from './pause.ts';
import type { PartitionOutcome, Publisher, PublishRecord } from './publisher.ts';
import { AGAIN } from './recovery.ts';
import { RecordsUnconfirmed, RelayFault } from './relay-fault.ts';

/** What sending needs besides the records. */
export interface Sending {
  readonly publisher: Publisher;
  /** Ends the sending: at a stop between two attempts, at the loss of the lane also within one. */
  readonly interrupted: AbortSignal;
  readonly lost: AbortSignal;
  /** Before anything is sent again: something happened to the topics, see that they are still the same. Rejects when not. */
  recheck(): Promise<void>;
  retrying(error: RecordsUnconfirmed): void;
}

/**
 * Sends records until the broker has confirmed every partition. What is not confirmed is sent again as it is, partition by partition whole: a key's
 * records then stand there again in their order, each known by its number (hazards R1, R5). A partition that the answer leaves out is not confirmed.
 *
 * @throws {@link RelayFault} `LF_RECORD_REFUSED` when the broker will never take them
 */
export async function sendUntilWritten(records: readonly PublishRecord[], sending: Sending): Promise<void> {
  const { publisher, interrupted, lost } = sending;
  let unwritten = records;
  for (let attempt = 1; ; attempt++) {
    interrupted.throwIfAborted();
    const outcome = await publisher.publish(unwritten, { signal: lost });
    const of = new Map(outcome.map((partition) => [nameOf(partition), partition]));
    for (const partition of outcome) refuseRefused(partition);
    unwritten = unwritten.filter((record) => of.get(nameOf(record))?.kind !== 'written');
    if (unwritten.length === 0) return;

    const names = [...new Set(unwritten.map(nameOf))];
    const doubtful = of.get(names[0] as string);
    const cause = doubtful && 'cause' in doubtful ? doubtful.cause : 'its answer says nothing of them';
    sending.retrying(new RecordsUnconfirmed(names, cause));
    await pause(fullJitter(attempt, AGAIN), interrupted);
    await sending.recheck();
  }
}

function refuseRefused(outcome: PartitionOutcome): void {
  if (outcome.kind !== 'notWritten' || !outcome.refused) return;
  const why = outcome.cause instanceof Error ? outcome.cause.message : String(outcome.cause);
  throw new RelayFault(
    'LF_RECORD_REFUSED',
    `the broker will not take a record for ${nameOf(outcome)}: ${why}; raise the topic's limit or grant the right, then start the relay again`,
    { cause: outcome.cause },
  );
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;
