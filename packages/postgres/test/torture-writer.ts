import type { EventId, EventStore, Expectation, StreamRef, StreamVersion } from '@leftfold/core';
import { eventually, newEvents } from '@leftfold/testing';
import { Client } from 'pg';
import type { Random } from './random.ts';

/** What became of an event, as far as its writer knows. */
export type Fate = 'acked' | 'refused' | 'unknown';

export interface WriterOptions {
  readonly url: string;
  /** Another database of the same cluster. */
  readonly elsewhere: string;
  readonly store: EventStore & { within(tx: Client): EventStore };
  readonly streams: readonly StreamRef[];
  readonly random: Random;
  readonly fates: Map<EventId, Fate>;
  /** Appends that were accepted though the stream did not stand where they expected it. */
  readonly unmet: string[];
}

/** Writes transactions of every kind, one after the other, and keeps account of their events. */
export class TortureWriter {
  readonly #options: WriterOptions;
  readonly #random: Random;
  #client: Client | undefined;
  #mine: EventId[] = [];
  #isCommitting = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#random = options.random;
  }

  async run(transactions: number): Promise<void> {
    for (let i = 0; i < transactions; i++) {
      this.#mine = [];
      this.#isCommitting = false;
      const kind = this.#random.one(this.#kinds);
      try {
        await kind();
        this.#settle('acked');
      } catch (error) {
        this.#settle(this.#fateAfter(error));
        await this.#client?.end().catch(() => undefined);
        this.#client = undefined;
      }
    }
    await this.#client?.end();
  }

  readonly #kinds: readonly (() => Promise<void>)[] = [
    // Its own transaction, one stream, three times as often as the others.
    () => this.#alone(),
    () => this.#alone(),
    () => this.#alone(),
    // Several streams; with and without a reply.
    () => this.#together(),
    () => this.#together(),
    // A transaction that may have an id long before it appends.
    () =>
      this.#transaction(async (client, store) => {
        await this.#takeIdPerhaps(client);
        for (let i = 0; i <= this.#random.below(3); i++) await this.#append(store);
      }),
    // Savepoints, more than the 64 that a backend keeps track of in shared memory.
    () =>
      this.#transaction(async (client, store) => {
        await this.#takeIdPerhaps(client);
        for (let i = 0; i < this.#random.one([2, 3, 70]); i++) {
          await client.query('savepoint s');
          const before = this.#mine.length;
          if (i < 3) await this.#append(store);
          else await client.query('insert into other values (1)');
          if (this.#random.below(3) > 0) continue;
          await client.query('rollback to s');
          for (const id of this.#mine.splice(before)) this.#options.fates.set(id, 'refused');
        }
        await this.#append(store);
      }),
    // One that is open for long.
    () =>
      this.#transaction(async (client, store) => {
        await this.#takeIdPerhaps(client);
        await client.query('select pg_sleep($1)', [0.05 + this.#random.fraction() * 0.3]);
        await this.#append(store);
        await client.query('select pg_sleep(0.02)');
      }),
    // One that holds an id in another database.
    async () => {
      const other = await connected(this.#options.elsewhere);
      await other.query('begin; select pg_current_xact_id(); select pg_sleep(0.1)');
      await other.query(this.#random.one(['commit', 'rollback']));
      await other.end();
    },
    () =>
      this.#transaction(
        async (_, store) => {
          await this.#append(store);
          await this.#append(store);
        },
        this.#random.one(['begin isolation level repeatable read', 'begin isolation level serializable']),
      ),
    () => this.#prepared(),
    // Rolled back.
    async () => {
      const client = await this.#connection();
      await client.query('begin');
      await this.#append(this.#options.store.within(client));
      await client.query('rollback');
      this.#settle('refused');
    },
    // Ended from outside.
    () =>
      this.#transaction(async (client, store) => {
        await this.#append(store);
        const killer = await connected(this.#options.url);
        await killer.query('select pg_terminate_backend($1)', [(client as Client & { processID: number }).processID]);
        await killer.end();
        await this.#append(store);
      }),
  ];

  async #alone(): Promise<void> {
    this.#isCommitting = true;
    await this.#append(this.#options.store);
  }
  async #together(): Promise<void> {
    const streams = new Set([1, 2, 3].map(() => this.#random.one(this.#options.streams)));
    const appends = [...streams].map((stream) => ({
      stream,
      expect: this.#expectation(),
      events: newEvents(1 + this.#random.below(2)),
    }));
    this.#mine.push(...appends.flatMap(({ events }) => events.map(({ id }) => id)));
    this.#isCommitting = true;
    const key = this.#random.one(['', `key ${this.#random.below(50)}`]);
    const reply = { tenant: '', key, requestHash: 'h', reply: '1', keepMs: 60_000 };
    const outcome = await this.#options.store.append(appends, key === '' ? {} : { reply });
    if (outcome.kind !== 'appended') this.#settle('refused');
  }
  async #prepared(): Promise<void> {
    const client = await this.#connection();
    await client.query('begin');
    await this.#append(this.#options.store.within(client));
    const name = `torture ${this.#random.fraction()}`;
    this.#isCommitting = true;
    await client.query(`prepare transaction '${name}'`);
    await client.query('select pg_sleep($1)', [this.#random.fraction() * 0.05]);
    const [end, fate] = this.#random.one([
      ['commit', 'acked'],
      ['commit', 'acked'],
      ['rollback', 'refused'],
    ] as const);
    await client.query(`${end} prepared '${name}'`);
    this.#settle(fate);
  }
  async #transaction(work: (client: Client, store: EventStore) => Promise<void>, begin = 'begin'): Promise<void> {
    const client = await this.#connection();
    await client.query(begin);
    await work(client, this.#options.store.within(client));
    if (this.#random.below(5) === 0) {
      await client.query('rollback');
      return this.#settle('refused');
    }
    this.#isCommitting = true;
    await client.query('commit');
  }

  async #append(store: EventStore): Promise<void> {
    const events = newEvents(1 + this.#random.below(3));
    const expect = this.#expectation();
    this.#mine.push(...events.map(({ id }) => id));
    const outcome = await store.append([{ stream: this.#random.one(this.#options.streams), expect, events }]);
    if (outcome.kind === 'appended') {
      const before = (outcome.versions[0] ?? -1n) - BigInt(events.length);
      const isMet = { any: true, absent: before === 0n, present: before > 0n }[String(expect)] ?? before === expect;
      if (!isMet) this.#options.unmet.push(`${expect} at ${before}`);
      return;
    }
    for (const { id } of events) this.#options.fates.set(id, 'refused');
    this.#mine.splice(this.#mine.length - events.length);
  }
  #expectation(): Expectation {
    const version = BigInt(this.#random.below(40)) as StreamVersion;
    return this.#random.one<Expectation>(['any', 'any', 'any', 'any', 'present', 'absent', version]);
  }
  async #takeIdPerhaps(client: Client): Promise<void> {
    if (this.#random.below(2) === 0) await client.query('insert into other values (1)');
  }

  async #connection(): Promise<Client> {
    this.#client ??= await connected(this.#options.url);
    return this.#client;
  }
  #settle(fate: Fate): void {
    for (const id of this.#mine.splice(0)) this.#options.fates.set(id, fate);
  }
  /** What the server refused is undone; what was lost on the way to a commit may have happened. */
  #fateAfter(error: unknown): Fate {
    const { code, severity } = error as { readonly code?: string; readonly severity?: string };
    const isLost = (severity === undefined && !code?.startsWith('LF_')) || code?.startsWith('57P') === true;
    const isInDoubt =
      this.#isCommitting && (isLost || code === 'LF_OUTCOME_UNKNOWN' || code === 'LF_STORAGE_UNAVAILABLE');
    return isInDoubt ? 'unknown' : 'refused';
  }
}

/** A connection, as soon as the server takes one. */
async function connected(url: string): Promise<Client> {
  return eventually(async () => {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  });
}
