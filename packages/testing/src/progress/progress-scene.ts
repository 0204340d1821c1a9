import { kafkaKey, partitionHash, type StoredEvent, type StreamRef } from '@leftfold/core';
import { parseToken, type ProgressLook, type WrittenTransaction } from '@leftfold/subscriptions';
import { newEvents, newStream, readStream } from '../event-store/encoded-events.ts';
import type { ProgressStorage } from './progress-conformance.ts';

/** Opens the storage under test. */
export type OpenProgress = () => Promise<ProgressStorage>;

/** Events that were appended together, to streams of their own. */
export interface Appended {
  /** As the append's token names it. */
  readonly transaction: WrittenTransaction;
  readonly streams: readonly StreamRef[];
  readonly events: readonly StoredEvent[];
}

export const hashOf = ({ tenant, id }: StreamRef): number => partitionHash(kafkaKey(tenant, id));

/** Appends so many events to each of these streams, in one transaction. */
export async function appendTo(
  { store }: Pick<ProgressStorage, 'store'>,
  streams: readonly StreamRef[] = [newStream()],
  count = 1,
): Promise<Appended> {
  const appends = streams.map((stream) => ({ stream, expect: 'any' as const, events: newEvents(count) }));
  const outcome = await store.append(appends);
  if (outcome.kind !== 'appended') throw new Error('an append without a condition is never refused');
  const [transaction] = parseToken(outcome.token).transactions;
  if (transaction === undefined) throw new Error('what was appended has a token');
  const events = await Promise.all(streams.map((stream) => readStream(store, stream)));
  return { transaction, streams, events: events.flatMap((of) => of.slice(-count)) };
}

/** A look that asks for these transactions alone. */
export const lookAt = (
  { progress }: Pick<ProgressStorage, 'progress'>,
  ...transactions: readonly bigint[]
): Promise<ProgressLook> => progress.look({ followers: [], transactions });
