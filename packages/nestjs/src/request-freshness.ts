import {
  freshness,
  logsOf,
  withoutLogs,
  type AnyProjection,
  type Broker,
  type Freshness,
  type Storage,
} from '@leftfold/subscriptions';
import type { BeforeApplicationShutdown } from '@nestjs/common';

/** Waiting of an instance's requests. Found by discovery, as features are. */
export class RequestFreshness implements BeforeApplicationShutdown {
  readonly instance: string;
  readonly freshness: Freshness;
  readonly #storage: Storage;
  readonly #closing = new AbortController();
  #logId: Promise<string> | undefined;

  constructor(instance: string, storage: Storage, broker: Broker | undefined) {
    this.instance = instance;
    this.#storage = storage;
    this.freshness = freshness({ storage, brokers: broker === undefined ? [] : [broker] });
  }

  /** Nobody is kept waiting while the application goes down: a request that waits would hold the server, and its connections, open. */
  beforeApplicationShutdown(): void {
    this.#closing.abort(new DOMException('the application is going down', 'AbortError'));
  }
  get isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** @param others of the application: their writes are in the same header, and none of this instance's */
  async applied(
    token: string,
    projections: readonly AnyProjection[],
    {
      waitMs,
      signal,
      others,
    }: { readonly waitMs: number; readonly signal: AbortSignal; readonly others: readonly RequestFreshness[] },
  ): Promise<void> {
    const own = others.length === 0 ? token : await this.#own(token, others);
    if (own === '') return;
    await this.freshness.applied(own, projections, {
      timeoutMs: waitMs,
      signal: AbortSignal.any([signal, this.#closing.signal]),
    });
  }

  /** What the token says of this log. The others are asked only where it says more, so that one whose server is away is in nobody's way. */
  async #own(token: string, others: readonly RequestFreshness[]): Promise<string> {
    const mine = await this.#log();
    if ([...logsOf(token)].every((log) => log === mine)) return token;
    return withoutLogs(token, new Set(await Promise.all(others.map((other) => other.#log()))));
  }
  /** The id of its log, which never changes. */
  #log(): Promise<string> {
    return (this.#logId ??= this.#storage.log.identity().then(
      ({ id }) => id,
      (error: unknown) => {
        this.#logId = undefined;
        throw error;
      },
    ));
  }
}
