import type { StoredEvent } from '@leftfold/core';
import type {
  FollowerId,
  LookedUpTransaction,
  Parked,
  ParkedHead,
  Progress,
  ProgressLook,
  ProgressQuestion,
} from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';
import type { MemoryLog } from './memory-log.ts';
import type { RecordedEvents } from './recorded-events.ts';

const PAGE = 100;

/** {@link Progress} in memory, where an append's transaction id is the position of its last event, and commit order is append order. */
export class MemoryProgress implements Progress {
  readonly #recorded: RecordedEvents;
  readonly #log: MemoryLog;
  readonly #checkpoints: MemoryCheckpoints;
  readonly #parked: Parked;

  constructor(parts: {
    readonly recorded: RecordedEvents;
    readonly log: MemoryLog;
    readonly checkpoints: MemoryCheckpoints;
    readonly parked: Parked;
  }) {
    this.#recorded = parts.recorded;
    this.#log = parts.log;
    this.#checkpoints = parts.checkpoints;
    this.#parked = parts.parked;
  }

  async look({ followers, transactions }: ProgressQuestion): Promise<ProgressLook> {
    const found = await Promise.all(
      followers.map(async (id) => {
        // Places first: what is parked after them shows, never what was parked before and is not seen.
        const lanes = await this.#checkpoints.list(id);
        return { id, lanes, isParking: (await this.#parked.count(id)).size > 0 };
      }),
    );
    return {
      log: this.#recorded.identity,
      next: BigInt(this.#recorded.end) + 1n,
      followers: found,
      transactions: new Map(transactions.flatMap((id) => this.#lookedUp(id))),
    };
  }

  laneBeyond(...[places, written]: Parameters<Progress['laneBeyond']>): ReturnType<Progress['laneBeyond']> {
    // In memory no log goes on after events were lost; of another generation nothing is known all the same.
    const isOurs = written.log.generation === this.#recorded.identity.generation;
    return isOurs ? this.#log.laneBeyond(places, written) : undefined;
  }

  async parked(follower: FollowerId, transactions: readonly bigint[]): Promise<ReadonlySet<bigint>> {
    const ids = new Set<string>();
    for (let after: ParkedHead | undefined; ;) {
      const heads = await this.#parked.list({ follower, limit: PAGE, ...(after && { after }) });
      for (const head of heads) for await (const id of this.#events(head)) ids.add(id);
      after = heads.at(-1);
      if (after === undefined) break;
    }
    return new Set(transactions.filter((id) => this.#recorded.append(id)?.some((event) => ids.has(event.id))));
  }
  async *#events(head: ParkedHead): AsyncGenerator<string, void, void> {
    for (let after: bigint | undefined; ;) {
      const page = await this.#parked.events(head, { limit: PAGE, ...(after !== undefined && { after }) });
      for (const { envelope } of page) yield envelope.id;
      after = page.at(-1)?.n;
      if (after === undefined) return;
    }
  }

  #lookedUp(id: bigint): readonly (readonly [bigint, LookedUpTransaction])[] {
    const events: readonly StoredEvent[] | undefined = this.#recorded.append(id);
    if (events === undefined) return [];
    const kinds = new Map(events.map(({ type, hash, topic }) => [`${hash} ${type}`, { type, hash, topic }]));
    return [[id, { isOver: true, events: [...kinds.values()] }]];
  }
}
