import { PublishThread } from './publish-thread.ts';
import type { PublisherId, ThreadOptions } from './thread-messages.ts';

/** The threads of one broker, shared by its publishers. They end when the last publisher is closed, and begin again for the next. */
export class PublishThreads {
  readonly #threads: readonly PublishThread[];
  readonly #publishers = new Set<PublisherId>();
  #next = 0;

  constructor(count: number, options: ThreadOptions) {
    this.#threads = Array.from({ length: count }, () => new PublishThread(options));
  }

  /** Another publisher. */
  join(): PublisherId {
    const id = this.#next++;
    this.#publishers.add(id);
    return id;
  }

  /** A publisher with nothing under way is done. */
  async leave(id: PublisherId): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close(id)));
    this.#publishers.delete(id);
    if (this.#publishers.size === 0) await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  /** Producers of a publisher that were replaced, in all threads. */
  replacements(id: PublisherId): number {
    return this.#threads.reduce((sum, thread) => sum + thread.replacements(id), 0);
  }

  /** The thread of a partition. One that no topic has is refused there as well as anywhere. */
  of(partition: number): PublishThread {
    const { length } = this.#threads;
    return this.#threads[(((Math.trunc(partition) || 0) % length) + length) % length] as PublishThread;
  }
}
