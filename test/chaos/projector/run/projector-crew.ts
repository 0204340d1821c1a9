import { RELAY } from '@leftfold/subscriptions';
import { startTcpProxy, type SeededRandom, type TcpProxy } from '@leftfold/testing';
import { Member } from '../../processes/member.ts';
import type { Recorder } from '../../processes/recorder.ts';
import type { Told } from '../../relay/history.ts';
import type { TorturedKafka } from '../../relay/run/tortured-kafka.ts';
import type { RelayStart } from '../../relay/send/relay-main.ts';
import type { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { ProjectorStart } from '../project/projector-main.ts';
import type { WriterStart } from '../write/append-main.ts';

const WRITER = new URL('../write/append-main.ts', import.meta.url);
const RELAY_MAIN = new URL('../../relay/send/relay-main.ts', import.meta.url);
const PROJECTOR = new URL('../project/projector-main.ts', import.meta.url);
const PROJECTORS = 3;
const LEASE_MS = 3_000;
const SESSION_MS = 3_000;
/** Of one look at what is parked. */
const MOST_PARKED = 10_000;

/** What the processes of a run work on. */
export interface Workplace {
  readonly postgres: TorturedPostgres;
  readonly kafka: TorturedKafka;
  readonly folder: string;
  readonly recorder: Recorder<Told>;
}

/** The processes of a run: writers, a relay, and projectors, each of these behind a proxy of its own. */
export class ProjectorCrew {
  /** Whoever is frozen for longer has lost its lanes: by its lease, or by its session. */
  readonly lostWithinMs: number = Math.max(LEASE_MS, SESSION_MS);
  readonly writers: readonly Member[];
  readonly relay: Member;
  readonly projectors: readonly { readonly member: Member; readonly proxy: TcpProxy }[];
  readonly #at: Workplace;
  readonly #lanes: number;
  #isMended = false;

  private constructor(at: Workplace, random: SeededRandom, pauseMs: number, proxies: readonly TcpProxy[]) {
    const { postgres, kafka, folder } = at;
    const { url } = postgres;
    this.#at = at;
    this.#lanes = random.one([1, 2, 4]);
    const lanes = this.#lanes;
    this.writers = ['writer-1', 'writer-2'].map((writer) => {
      const seed = random.below(2 ** 31);
      const startOf = (name: string, life: number): WriterStart => {
        return { name, folder, url, writers: 4, pauseMs, seed: (seed + life * 7919) % 2 ** 31 };
      };
      return new Member(writer, WRITER, startOf);
    });
    const startOf = (name: string): RelayStart => {
      const { brokers } = kafka.cluster;
      return { name, folder, url, clientId: name, lanes, batchSize: 500, leaseMs: LEASE_MS, brokers, threads: 0 };
    };
    this.relay = new Member('relay', RELAY_MAIN, startOf);
    this.projectors = proxies.map((proxy, index) => {
      const projectorStart = (name: string): ProjectorStart => ({
        name,
        folder,
        url: proxy.through(url),
        clientId: `projector-${index + 1}`,
        brokers: kafka.cluster.brokers,
        lanes,
        leaseMs: LEASE_MS,
        sessionTimeoutMs: SESSION_MS,
        isMended: this.#isMended,
      });
      return { member: new Member(`projector-${index + 1}`, PROJECTOR, projectorStart), proxy };
    });
  }

  static async of(at: Workplace, random: SeededRandom, pauseMs: number): Promise<ProjectorCrew> {
    const proxies = Array.from({ length: PROJECTORS }, () => startTcpProxy(at.postgres.url));
    return new ProjectorCrew(at, random, pauseMs, await Promise.all(proxies));
  }

  get all(): readonly Member[] {
    return [...this.writers, this.relay, ...this.projectors.map(({ member }) => member)];
  }
  get proxies(): readonly TcpProxy[] {
    return this.projectors.map(({ proxy }) => proxy);
  }
  get appended(): number {
    return this.writers.reduce((sum, { calls }) => sum + calls, 0);
  }
  /** Whether one has ended without being told to. */
  get hasFailed(): boolean {
    return this.all.some(({ hasFailed }) => hasFailed);
  }
  projector(index: number): { readonly member: Member; readonly proxy: TcpProxy } {
    const found = this.projectors[index];
    if (found === undefined) throw new RangeError(`there is no projector ${index}`);
    return found;
  }

  /** Ends them in order; who does not is a violation. */
  async stop(members: readonly Member[]): Promise<void> {
    const ends = await Promise.all(members.map(async (member) => ({ member, fault: await member.stop() })));
    for (const { member, fault } of ends) {
      if (fault !== undefined) this.#at.recorder.add({ op: 'broken', what: `${member.name} ${fault}` });
    }
  }
  /** The release that can apply bad events comes. */
  async mend(): Promise<void> {
    this.#isMended = true;
    for (const { member } of this.projectors) {
      await this.stop([member]);
      member.start();
    }
  }
  /** Asks for all that is parked. Answers how many keys that is. */
  async askForParked(): Promise<number> {
    const { parked } = this.#at.postgres.storageOf({ lanes: this.#lanes });
    const heads = await parked.list({ limit: MOST_PARKED });
    for (const head of heads)
      if (head.request === undefined) await parked.request(head, { kind: 'retry', by: 'chaos' });
    return heads.length;
  }
  /** Whether everything is sent and confirmed, once nobody appends any more. */
  async untilSent(): Promise<() => Promise<boolean>> {
    const { log, checkpoints } = this.#at.postgres.storageOf({ lanes: this.#lanes });
    const lanes = [...(await log.head()).keys()];
    return async () => {
      const rows = await checkpoints.list(RELAY);
      const saved = new Map(lanes.map((lane) => [lane, rows.find((row) => row.lane === lane)?.cursor ?? 'start']));
      const behind = [...(await log.behind(saved, { atMost: 1 })).values()];
      return behind.every(({ events, isMore }) => events === 0 && !isMore);
    };
  }
  async close(): Promise<void> {
    for (const { member, proxy } of this.projectors) {
      member.thaw();
      await member.kill();
      await proxy.close();
    }
    await Promise.all(this.all.map((member) => member.kill()));
  }
}
