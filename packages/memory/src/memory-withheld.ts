import type { StreamVersion } from '@leftfold/core';
import { LaneLost } from '@leftfold/subscriptions';
import type {
  Claim,
  HeldKey,
  Settlement,
  Withheld,
  WithheldEvent,
  WithheldHead,
  WithheldKey,
  WithheldRequest,
  Withholding,
} from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';
import type { TurnTaking } from './turn-taking.ts';

/** What is withheld, in memory. What an owner writes takes turns with claims, so that a lane cannot change hands meanwhile. */
export class MemoryWithheld implements Withheld {
  /** By key; of each the events in the order of their versions. */
  readonly #keys = new Map<string, WithheldEvent[]>();
  readonly #checkpoints: MemoryCheckpoints;
  readonly #turns: TurnTaking;
  readonly #now: () => number;

  constructor(checkpoints: MemoryCheckpoints, turns: TurnTaking, now: () => number) {
    this.#checkpoints = checkpoints;
    this.#turns = turns;
    this.#now = now;
  }

  async keys({ lane }: Claim): Promise<readonly HeldKey[]> {
    return this.#heads()
      .filter((head) => head.lane === lane)
      .map(({ topic, tenant, stream, streamVersion, cause }) => ({
        topic,
        tenant,
        stream,
        from: streamVersion,
        cause,
      }));
  }

  withhold(claim: Claim, events: readonly Withholding[], carriedOut?: Pick<WithheldRequest, 'at'>): Promise<void> {
    return this.#owning(claim, () => {
      for (const event of events) this.#withhold(claim, event, carriedOut);
    });
  }
  #withhold({ lane }: Claim, event: Withholding, carriedOut: Pick<WithheldRequest, 'at'> | undefined): void {
    const name = nameOf(event);
    const rows = this.#keys.get(name) ?? [];
    this.#keys.set(name, rows);
    const at = rows.findIndex(({ streamVersion }) => streamVersion === event.streamVersion);
    const known = rows[at];
    if (known === undefined) {
      rows.push({ ...event, lane, state: 'withheld', attempts: 1, withheldAt: new Date(this.#now()) });
      rows.sort((a, b) => (a.streamVersion < b.streamVersion ? -1 : 1));
    } else if (known.state === 'withheld' && known.sequence < event.sequence) {
      const { attempts, withheldAt, request } = known;
      const isAnswered = request?.at.getTime() === carriedOut?.at.getTime();
      const open = request && !isAnswered && { request };
      rows[at] = { ...event, lane, state: 'withheld', attempts: attempts + 1, withheldAt, ...open };
    }
  }

  async requested({ lane }: Claim): Promise<(WithheldEvent & { readonly request: WithheldRequest }) | undefined> {
    const requested = this.#heads().flatMap((head) =>
      head.lane === lane && head.request ? [{ ...head, request: head.request }] : [],
    );
    return requested.sort((a, b) => a.request.at.getTime() - b.request.at.getTime())[0];
  }

  settle(
    claim: Claim,
    key: WithheldKey,
    settled: readonly Settlement[],
    { request, goesOn }: Parameters<Withheld['settle']>[3],
  ): Promise<StreamVersion | undefined> {
    return this.#owning(claim, () => {
      const rows = this.#keys.get(nameOf(key)) ?? [];
      for (const [place, { streamVersion, state, sequence }] of settled.entries()) {
        const at = rows.findIndex((row) => row.streamVersion === streamVersion && row.state === 'withheld');
        const row = rows[at];
        if (row === undefined) continue;
        const carriedOut = place === 0 && { request };
        rows[at] = { ...row, state, settled: { sequence, at: new Date(this.#now()) }, ...carriedOut };
      }
      const next = rows.findIndex(({ state }) => state === 'withheld');
      const head = rows[next];
      if (head && goesOn && !head.request) {
        const { by, at } = request;
        rows[next] = { ...head, request: { kind: 'redrive', by, at } };
      }
      return head?.streamVersion;
    });
  }

  async events(
    key: WithheldKey,
    { after = 0n as StreamVersion, limit }: { readonly after?: StreamVersion; readonly limit: number },
  ): Promise<readonly WithheldEvent[]> {
    const rows = this.#keys.get(nameOf(key)) ?? [];
    return rows.filter(({ streamVersion }) => streamVersion > after).slice(0, limit);
  }

  async list({
    after,
    limit,
  }: {
    readonly after?: WithheldKey;
    readonly limit: number;
  }): Promise<readonly WithheldHead[]> {
    const heads = this.#heads().filter((head) => after === undefined || isBefore(after, head));
    return heads
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .slice(0, limit)
      .map((head) => ({
        head,
        events: (this.#keys.get(nameOf(head)) ?? []).filter(({ state }) => state === 'withheld').length,
      }));
  }

  request(key: WithheldKey, { streamVersion, ...request }: Parameters<Withheld['request']>[1]): Promise<boolean> {
    return this.#turns.next(() => {
      const rows = this.#keys.get(nameOf(key)) ?? [];
      const at = rows.findIndex(({ state }) => state === 'withheld');
      const head = rows[at];
      if (head === undefined || (streamVersion !== undefined && head.streamVersion !== streamVersion)) return false;
      rows[at] = { ...head, request: { ...request, at: new Date(this.#now()) } };
      return true;
    });
  }

  #heads(): WithheldEvent[] {
    return [...this.#keys.values()].flatMap((rows) => rows.find(({ state }) => state === 'withheld') ?? []);
  }
  #owning<T>(claim: Claim, work: () => T): Promise<T> {
    return this.#turns.next(() => {
      if (!this.#checkpoints.owns(claim)) throw new LaneLost(claim.follower, claim.lane);
      return work();
    });
  }
}

const nameOf = ({ topic, tenant, stream }: WithheldKey): string => JSON.stringify([topic, tenant, stream]);

function isBefore(a: WithheldKey, b: WithheldKey): boolean {
  if (a.topic !== b.topic) return a.topic < b.topic;
  return a.tenant === b.tenant ? a.stream < b.stream : a.tenant < b.tenant;
}
