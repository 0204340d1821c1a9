import type { Publisher, PublishOutcome, PublishRecord } from '@leftfold/subscriptions';
import { PublishConcurrent, PublisherClosed } from '../errors.ts';
import { topicPartitions } from './topic-partitions.ts';
import type { PublisherId } from './thread-messages.ts';
import type { PublishThreads } from './publish-threads.ts';

/**
 * Publishes in threads: partition p is the business of thread p mod n, always, so that its records go through one producer, one send after the other. The
 * outcome has the parts of all threads; it is there when the last one is.
 */
export class ThreadedPublisher implements Publisher {
  readonly #threads: PublishThreads;
  readonly #id: PublisherId;
  readonly #counts: Pick<Publisher, 'partitions'>;
  #pending: Promise<PublishOutcome> | undefined;
  #closing: Promise<void> | undefined;

  /** @param counts who knows how many partitions a topic has; that is asked in the caller's thread */
  constructor(threads: PublishThreads, counts: Pick<Publisher, 'partitions'>) {
    this.#threads = threads;
    this.#id = threads.join();
    this.#counts = counts;
  }

  get replacements(): number {
    return this.#threads.replacements(this.#id);
  }

  partitions(topic: string): Promise<number> {
    return this.#counts.partitions(topic);
  }

  async publish(
    records: readonly PublishRecord[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishOutcome> {
    if (this.#closing !== undefined) throw new PublisherClosed();
    if (this.#pending !== undefined) throw new PublishConcurrent();
    this.#pending = this.#publish(records, signal);
    try {
      return await this.#pending;
    } finally {
      this.#pending = undefined;
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #publish(records: readonly PublishRecord[], signal: AbortSignal | undefined): Promise<PublishOutcome> {
    // Before anything crosses: the reason stays the very object that it is.
    if (signal?.aborted === true)
      return topicPartitions(records).map((one) => ({
        ...one,
        kind: 'notWritten',
        refused: false,
        cause: signal.reason as unknown,
      }));
    const parts = Map.groupBy(records, ({ partition }) => this.#threads.of(partition));
    const outcomes = [...parts].map(([thread, part]) => thread.publish(this.#id, part, signal));
    return (await Promise.all(outcomes)).flat();
  }

  async #close(): Promise<void> {
    await this.#pending?.catch(() => undefined);
    await this.#threads.leave(this.#id);
  }
}
