import type { Lane, Reader } from '@leftfold/subscriptions';
import type { MemoryTopics } from './memory-topics.ts';
import { untilAborted } from './until-aborted.ts';

/** Reads a lane until the signal aborts. Never rejects. */
type RunLane = (lane: Lane, given: AbortSignal) => Promise<void>;

/** A reader among those of its name. */
interface Member {
  readonly reader: Reader;
  readonly runLane: RunLane;
  readonly lanes: Map<Lane, AbortController>;
  readonly running: Set<Promise<void>>;
  /** Aborts when it wants to go: what it has it keeps until its handlers have ended, but it is given nothing more. */
  readonly leaving: AbortSignal;
}

/**
 * Shares out lanes among the readers of a name, in turn. A lane that moves is taken from its old reader first: the signal of what it is doing aborts,
 * `lost` is called. It is not waited for: what it still does must fail against the checkpoint's epoch, as with a real broker.
 */
export class ConsumerGroups {
  readonly #topics: MemoryTopics;
  readonly #groups = new Map<string, readonly Member[]>();

  constructor(topics: MemoryTopics) {
    this.#topics = topics;
    topics.onTopic(() => [...this.#groups.keys()].forEach((name) => this.#share(name)));
  }

  /** Makes `reader` one of the readers of its name until `signal` aborts; resolves when all that its lanes were doing has ended. */
  async run(reader: Reader, runLane: RunLane, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const member: Member = { reader, runLane, lanes: new Map(), running: new Set(), leaving: signal };
    this.#change(reader.name, (members) => [...members, member]);
    await untilAborted(signal);
    for (const lane of member.lanes.values()) lane.abort(signal.reason);
    await Promise.all(member.running);
    this.#change(reader.name, (members) => members.filter((other) => other !== member));
  }

  #change(name: string, change: (members: readonly Member[]) => readonly Member[]): void {
    this.#groups.set(name, change(this.#groups.get(name) ?? []));
    this.#share(name);
  }
  #share(name: string): void {
    const members = this.#groups.get(name) ?? [];
    const owner = (lane: Lane): Member | undefined => members[this.#topics.lanes.indexOf(lane) % members.length];
    for (const member of members) {
      for (const [lane, given] of member.lanes) {
        if (owner(lane) === member) continue;
        member.lanes.delete(lane);
        given.abort(new Error(`the lane ${lane} was given to another reader`));
        member.reader.lost?.(lane);
      }
    }
    for (const lane of this.#topics.lanes) {
      const member = owner(lane);
      if (member && !member.leaving.aborted && !member.lanes.has(lane)) give(member, lane);
    }
  }
}

function give(member: Member, lane: Lane): void {
  const given = new AbortController();
  member.lanes.set(lane, given);
  const running = member.runLane(lane, given.signal).finally(() => member.running.delete(running));
  member.running.add(running);
}
