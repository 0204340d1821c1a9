import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PublishOutcome, PublishRecord } from '@leftfold/subscriptions';
import { PublishThreadLost } from '../errors.ts';
import { crossed, crossing } from './crossing-error.ts';
import { packRecords, transferOf } from './packed-records.ts';
import { topicPartitions } from './topic-partitions.ts';
import type { FromThread, PublisherId, ThreadOptions, ToThread } from './thread-messages.ts';

/** Beside this file, as it is: a source where sources run, compiled where the package is. */
const MAIN = new URL(`./publish-thread-main${extname(import.meta.url)}`, import.meta.url);

/**
 * One thread that publishes for any number of publishers, one publish of each at a time. It begins with the first publish and costs nothing before. One that
 * dies leaves what it had under way unknown; the next publish begins another one. While nothing is under way it does not keep the process alive.
 */
export class PublishThread {
  readonly #options: ThreadOptions;
  readonly #pending = new Map<PublisherId, (answer: FromThread | Error) => void>();
  /** Publishers that the thread has opened. */
  readonly #known = new Set<PublisherId>();
  /** By publisher: producers replaced, by the thread that is there and by those before it. */
  readonly #replaced = new Map<PublisherId, { readonly before: number; readonly here: number }>();
  #worker: Worker | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** The outcome for the partitions of these records. Never rejects; aborting begins no further attempt. */
  async publish(
    publisher: PublisherId,
    records: readonly PublishRecord[],
    signal: AbortSignal | undefined,
  ): Promise<PublishOutcome> {
    const packed = packRecords(records);
    const abort = (): void => this.#post({ kind: 'abort', publisher, reason: crossing(signal?.reason) });
    this.#known.add(publisher);
    const answered = this.#ask({ kind: 'publish', publisher, records: packed }, transferOf(packed));
    signal?.addEventListener('abort', abort, { once: true });
    const answer = await answered;
    signal?.removeEventListener('abort', abort);
    if (!(answer instanceof Error) && answer.kind === 'outcome') {
      this.#replaced.set(publisher, { before: this.#replaced.get(publisher)?.before ?? 0, here: answer.replacements });
      return answer.outcome.map((one) => ('cause' in one ? { ...one, cause: crossed(one.cause) } : one));
    }
    const cause = answer instanceof Error ? answer : 'error' in answer ? crossed(answer.error) : undefined;
    return topicPartitions(records).map((one) => ({ ...one, kind: 'unknown', cause }));
  }

  /** Producers of the publisher that were replaced here, as far as its answers told; a thread that died had its own. */
  replacements(publisher: PublisherId): number {
    const { before = 0, here = 0 } = this.#replaced.get(publisher) ?? {};
    return before + here;
  }

  /** Lets the thread close what it holds for this publisher. Never rejects. */
  async close(publisher: PublisherId): Promise<void> {
    this.#replaced.delete(publisher);
    if (this.#known.delete(publisher)) await this.#ask({ kind: 'close', publisher });
  }

  /** Ends the thread. Nothing may be under way. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(message: ToThread, transfer: readonly ArrayBuffer[] = []): Promise<FromThread | Error> {
    const { promise, resolve } = Promise.withResolvers<FromThread | Error>();
    this.#pending.set(message.publisher, resolve);
    try {
      this.#worker ??= this.#begin();
      this.#worker.ref();
      this.#post(message, transfer);
    } catch (error) {
      // A system that has no thread to give says so at once; left in the air, this would leave what other threads do unheard.
      this.#pending.delete(message.publisher);
      resolve(new PublishThreadLost(error));
    }
    return promise;
  }

  #post(message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #begin(): Worker {
    const worker = new Worker(MAIN, { workerData: this.#options, name: 'leftfold publishing' });
    worker.on('message', (message: FromThread) => this.#answered(message));
    worker.on('error', (error) => this.#died(worker, error));
    worker.on('messageerror', (error) => this.#died(worker, error));
    worker.on('exit', (code) => this.#died(worker, code));
    return worker;
  }

  #answered(answer: FromThread): void {
    const resolve = this.#pending.get(answer.publisher);
    this.#pending.delete(answer.publisher);
    if (this.#pending.size === 0) this.#worker?.unref();
    resolve?.(answer);
  }

  /** What it was asked may have been done or not. */
  #died(worker: Worker, why: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    void worker.terminate();
    // With a thread goes the producer that each of its publishers had there.
    for (const known of this.#known) this.#replaced.set(known, { before: this.replacements(known) + 1, here: 0 });
    this.#known.clear();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const resolve of pending) resolve(new PublishThreadLost(why));
  }
}
