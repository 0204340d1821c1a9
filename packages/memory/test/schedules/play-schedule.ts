import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, relay } from '@leftfold/subscriptions';
import type { AnyProjection, ParkedHead, Running } from '@leftfold/subscriptions';
import { accounts, Bank, illness, owners, refuses } from './bank.ts';
import { Process, type Fates } from './process.ts';
import { Schedule } from './schedule.ts';
import { virtualTime } from './virtual-time.ts';

const LEASE_MS = 1_000;
const ACTIONS = 50;
const MOST_EVENTS = 20;
/** What a process lets the events of a transaction take, where each takes a millisecond or two. */
const BATCH_MS = [1, 2, 3, 1_000] as const;
/** Requests that may be needed until nothing is parked any more: each shows one event that was behind another. */
const MOST_REQUESTS = 60;

/** What a schedule left behind, and what it should have. */
export interface Played {
  readonly rows: { readonly accounts: readonly object[]; readonly owners: readonly object[] };
  readonly expected: { readonly accounts: readonly object[]; readonly owners: readonly object[] };
  readonly parked: readonly ParkedHead[];
  /** Keys seen parked without a cause: their owner took them for parked when they were not (hazard C15). */
  readonly orphans: readonly string[];
  readonly fates: Fates;
}

/** A process of the schedule, with the followers that run in it. */
interface Member {
  readonly process: Process;
  readonly running: Running[];
}

/**
 * One schedule: writers, projectors over log and broker, people who mend and ask; who does what next is drawn, and so is who dies. In the end all that is ill is
 * mended, all that is parked is asked for, and one process deals with what is left.
 */
export async function playSchedule(seed: number): Promise<Played> {
  virtualTime.reset();
  for (const ill of [illness.folds, illness.writes]) ill.clear();
  const world = new World(seed);
  await world.begin();
  for (let action = 0; action < ACTIONS; action++) await world.act();
  return world.end();
}

class World {
  readonly #schedule: Schedule;
  readonly #storage: MemoryStorage;
  readonly #bank: Bank;
  readonly #broker = memoryBroker({ partitions: 2 });
  readonly #fates: Fates = { killed: 0, interrupted: 0, frozen: 0, refused: 0, parked: 0, drained: 0, cut: 0 };
  readonly #members: Member[] = [];
  readonly #orphans = new Set<string>();
  readonly #ending: Promise<unknown>[] = [];
  /** Those that nothing helps: somebody has to discard them. */
  readonly #incurable = new Set<string>();
  /** Rows of several streams are fed by one source for the whole schedule, those of one stream at times by both at once. */
  readonly #by: 'log' | 'broker';
  readonly #isMixed: boolean;
  readonly #relaying: Running[] = [];
  #lives = 0;

  constructor(seed: number) {
    this.#schedule = new Schedule(seed);
    this.#storage = memory({ now: () => virtualTime.now, lanes: this.#schedule.one([1, 2]) });
    this.#bank = new Bank(this.#storage.store);
    this.#by = this.#schedule.one(['log', 'broker']);
    this.#isMixed = this.#schedule.below(3) === 0;
  }

  async begin(): Promise<void> {
    await this.#bank.found();
    const storage = this.#storage;
    if (this.#isMixed || this.#by === 'broker')
      this.#relaying.push(await relay({ storage, to: this.#broker, service: 'sim', leaseMs: LEASE_MS }));
    // Rows that an event is spread to must be there.
    const first = await follow(owners, { from: this.#source(this.#by), storage, leaseMs: LEASE_MS });
    for (const running of [...this.#relaying, first]) await this.#schedule.until(running.caughtUp());
    await this.#schedule.until(first.stop());
    for (let n = 2; n > 0; n--) await this.#start();
  }

  /** Whatever happens next. */
  async act(): Promise<void> {
    const member = this.#schedule.one(this.#members);
    const fate = this.#schedule.below(100);
    if (fate < 22 && this.#bank.events < MOST_EVENTS) await this.#meanwhile(this.#append());
    else if (fate < 26) await this.#meanwhile(this.#end(member, true));
    else if (fate < 29) await this.#meanwhile(this.#end(member, false));
    else if (fate < 33) member.process.freeze();
    else if (fate < 39) member.process.thaw();
    else if (fate < 45) await virtualTime.advance(this.#schedule.below(3 * LEASE_MS));
    else if (fate < 57) await this.#meanwhile(this.#ask());
    else if (fate < 61) this.#mend();
    else if (fate < 62 && this.#members.length < 4) await this.#meanwhile(this.#start());
    for (let steps = 1 + this.#schedule.below(5); steps > 0; steps--) await this.#schedule.advance();
    await this.#parked();
  }

  /** All is mended and asked for, and the last process deals with what is left. */
  async end(): Promise<Played> {
    for (const { process } of this.#members) process.thaw();
    this.#schedule.calm();
    const leaving = this.#members.splice(0).flatMap(({ running }) => running.map((one) => one.stop()));
    await this.#schedule.until(Promise.all([...this.#ending, ...leaving]));
    await virtualTime.advance(10 * LEASE_MS);
    for (const ill of [illness.folds, illness.writes])
      for (const one of ill) if (!this.#incurable.has(one)) ill.delete(one);
    for (const relaying of this.#relaying) await this.#schedule.until(relaying.caughtUp());
    await this.#start(true);
    const running = this.#members.flatMap((one) => one.running);
    for (let requests = 0; requests < MOST_REQUESTS; requests++) {
      await this.#schedule.until(Promise.all(running.map((one) => one.caughtUp())));
      const heads = await this.#parked();
      if (heads.length === 0) break;
      for (const head of heads) await this.#request(head);
      await virtualTime.advance(1_500);
    }
    await this.#schedule.until(Promise.all([...running, ...this.#relaying].map((one) => one.stop())));
    const rows = this.#storage.readModels.reader([accounts.rowTable, owners.rowTable]);
    return {
      rows: {
        accounts: rows.all('accounts').map(({ id, steps }) => ({ id, steps })),
        owners: rows.all('owners').map(({ owner, events, sum }) => ({ owner, events, sum })),
      },
      expected: { accounts: this.#bank.expectedAccounts, owners: this.#bank.expectedOwners },
      parked: await this.#parked(),
      orphans: [...this.#orphans],
      fates: this.#fates,
    };
  }

  /** What takes its turn with transactions: they go on until it has come. */
  #meanwhile<T>(work: Promise<T>): Promise<T> {
    return this.#schedule.until(work);
  }
  async #append(): Promise<void> {
    const n = await this.#bank.append((below) => this.#schedule.below(below));
    if (this.#schedule.below(5) > 0) return;
    const projected = this.#schedule.one(['accounts', 'owners']);
    const ill = `${projected} ${n}`;
    if (this.#schedule.below(3) === 0) {
      illness.writes.add(ill);
      return;
    }
    illness.folds.add(ill);
    if (this.#isMixed || this.#bank.isOpening(n) || this.#schedule.below(4) > 0) return;
    this.#incurable.add(ill);
    this.#bank.forget(projected, n);
  }
  #mend(): void {
    const ill = [...illness.folds, ...illness.writes].filter((one) => !this.#incurable.has(one));
    if (ill.length === 0) return;
    const mended = this.#schedule.one(ill);
    illness.folds.delete(mended);
    illness.writes.delete(mended);
  }
  async #ask(): Promise<void> {
    const heads = await this.#parked();
    if (heads.length > 0) await this.#request(this.#schedule.one(heads));
  }
  /** A retry; where nothing helps, that the first event be dropped. */
  async #request(head: ParkedHead): Promise<void> {
    const [first] = await this.#storage.parked.events(head, { limit: 1 });
    if (first === undefined) return;
    const isHopeless = this.#incurable.has(`${head.follower.name} ${this.#bank.numberOf(first.envelope.id)}`);
    const request = isHopeless
      ? ({ kind: 'discard', reason: 'nothing helps', first: first.n } as const)
      : ({ kind: 'retry' } as const);
    await this.#storage.parked.request(head, { by: 'sim', ...request });
  }
  async #parked(): Promise<readonly ParkedHead[]> {
    const heads = await this.#storage.parked.list({ limit: 100 });
    for (const { follower, lane, key, cause } of heads)
      if (cause.code === '') this.#orphans.add(`${key} of ${follower.name} on ${lane}`);
    return heads;
  }

  #source(by: 'log' | 'broker') {
    return by === 'log' ? this.#storage.log : this.#broker.source;
  }
  async #start(isLast = false): Promise<void> {
    this.#lives += 1;
    const process = new Process(this.#storage, { schedule: this.#schedule, fates: this.#fates, refuses });
    const member: Member = { process, running: [] };
    this.#members.push(member);
    const both = isLast ? (['log', 'broker'] as const) : [this.#schedule.one(['log', 'broker'] as const)];
    const followed: readonly (readonly [AnyProjection, 'log' | 'broker'])[] = [
      [owners, this.#by],
      ...(this.#isMixed ? both : [this.#by]).map((by) => [accounts, by] as const),
    ];
    for (const [projection, by] of followed) {
      const owner = `p${this.#lives} ${projection.name} by ${by}`;
      const batchMs = this.#schedule.one(BATCH_MS);
      const options = { from: this.#source(by), storage: process.storage, owner, leaseMs: LEASE_MS, batchMs };
      member.running.push(await follow(projection, options));
    }
  }
  /** Another one comes in its place. */
  async #end(member: Member, isKilled: boolean): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    if (isKilled) member.process.kill();
    else member.process.thaw();
    this.#ending.push(...member.running.map((one) => one.stop()));
    await this.#start();
  }
}
