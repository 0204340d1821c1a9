import { RELAY } from '@leftfold/subscriptions';
import type { SeededRandom } from '@leftfold/testing';
import { Member } from '../../processes/member.ts';
import type { TorturedPostgres } from '../../servers/tortured-postgres.ts';
import type { RelayStart } from '../send/relay-main.ts';
import type { AppenderStart } from '../write/append-main.ts';
import type { TorturedKafka } from './tortured-kafka.ts';

const APPENDER = new URL('../write/append-main.ts', import.meta.url);
const RELAY_MAIN = new URL('../send/relay-main.ts', import.meta.url);
const LEASE_MS = 1_500;

/** How the run's relays are, by its seed. */
export interface RelayShape {
  readonly relays: number;
  readonly lanes: number;
  readonly batchSize: number;
}

export function shapeOf(random: SeededRandom): RelayShape {
  return { relays: random.one([2, 3]), lanes: random.one([1, 2, 4]), batchSize: random.one([20, 100, 500]) };
}

/** The processes of a run. */
export class RelayCrew {
  readonly leaseMs: number = LEASE_MS;
  readonly writers: readonly Member[];
  readonly relays: readonly Member[];
  readonly #postgres: TorturedPostgres;
  readonly #shape: RelayShape;

  constructor(
    shape: RelayShape,
    {
      postgres,
      kafka,
      folder,
      random,
      pauseMs,
    }: {
      readonly postgres: TorturedPostgres;
      readonly kafka: TorturedKafka;
      readonly folder: string;
      readonly random: SeededRandom;
      readonly pauseMs: number;
    },
  ) {
    this.#postgres = postgres;
    this.#shape = shape;
    const { url } = postgres;
    this.writers = ['writer-1', 'writer-2', 'writer-3'].map((name) => {
      const seed = random.below(2 ** 31);
      const startOf = (process: string, life: number): AppenderStart => ({
        name: process,
        folder,
        url,
        writers: 4,
        pauseMs,
        seed: (seed + life * 7919) % 2 ** 31,
      });
      return new Member(name, APPENDER, startOf);
    });
    this.relays = Array.from({ length: shape.relays }, (_, index) => {
      const clientId = `relay-${index + 1}`;
      // Each life has the other client, and later ones do not all come through the proxies; where a relay begins is the seed's choice.
      const turn = random.below(6);
      const startOf = (name: string, life: number): RelayStart => ({
        name,
        folder,
        url,
        clientId,
        lanes: shape.lanes,
        batchSize: shape.batchSize,
        leaseMs: LEASE_MS,
        client: (turn + life) % 2 === 0 ? 'kafkajs' : 'platformatic',
        brokers: life > 1 && (turn + life) % 3 === 0 ? kafka.cluster.brokers : kafka.cluster.proxied,
        threads: (turn + life) % 4 === 3 ? 2 : 0,
      });
      return new Member(clientId, RELAY_MAIN, startOf);
    });
  }

  get lanes(): number {
    return this.#shape.lanes;
  }
  get all(): readonly Member[] {
    return [...this.writers, ...this.relays];
  }
  /** Whether one has ended without being told to. */
  get hasFailed(): boolean {
    return this.all.some(({ hasFailed }) => hasFailed);
  }
  member(name: string): Member {
    const member = this.all.find((one) => one.name === name);
    if (member === undefined) throw new RangeError(`nobody is called ${name}`);
    return member;
  }
  /** Who has a lane, as far as the log's database knows; that may be one that is gone. */
  async ownerOf(lane: number): Promise<string> {
    const rows = await this.#postgres.query<{ readonly owner: string }>(
      `select owner from leftfold.checkpoints where follower = 'relay' order by lane`,
    );
    // Owners are named after their life: relay-1.2.
    return rows[lane]?.owner.split('.')[0] || (this.relays[0] as Member).name;
  }
  async restart(name: string): Promise<void> {
    const member = this.member(name);
    await member.kill();
    member.start();
  }

  /** Whether everything is sent and confirmed, once nobody appends any more. */
  async untilSent(): Promise<() => Promise<boolean>> {
    const { log, checkpoints } = this.#postgres.storageOf({ lanes: this.#shape.lanes });
    const lanes = [...(await log.head()).keys()];
    return async () => {
      const rows = await checkpoints.list(RELAY);
      const saved = new Map(lanes.map((lane) => [lane, rows.find((row) => row.lane === lane)?.cursor ?? 'start']));
      // Not whether the places have passed the head: one that nothing stands after is not saved anew.
      const behind = [...(await log.behind(saved, { atMost: 1 })).values()];
      // A place in the midst of a window may have only positions before it that nothing has: then it is not known yet, and there is more.
      return behind.every(({ events, isMore }) => events === 0 && !isMore);
    };
  }
}
