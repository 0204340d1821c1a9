import { setImmediate as turn, setTimeout as really } from 'node:timers/promises';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MakeUpOutcome, MemoryStorage } from '@leftfold/memory';
import { parseRecord, relay, RELAY } from '@leftfold/subscriptions';
import type { Checkpoints, HeldLane, Running } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { frailProcess, type FrailProcess } from './another-process.ts';
import { append, paid, placed } from './shop.ts';

const LEASE_MS = 3_000;
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Time goes on when told to; what a process does at an instant is done before the next one. */
function holdTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
}
async function pass(ms: number, stepMs = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    vi.advanceTimersByTime(stepMs);
    for (let turns = 0; turns < 12; turns++) await turn();
  }
}

/** Lets time go on until it has ended; not so fast that waits which are not of the clock that is held seem to take for ever. */
async function during(work: Promise<unknown>): Promise<void> {
  let isOver = false;
  const ended = work.finally(() => (isOver = true));
  ended.catch(() => {});
  while (!isOver) {
    await pass(50);
    await really(2);
  }
  await ended;
}

/** A relay in a process of its own. */
interface RelayProcess extends FrailProcess<MemoryStorage> {
  readonly owner: string;
  readonly running: Running;
}
/** Relays over one log, and every move of a place that anybody succeeded with. */
class Fleet {
  readonly storage: MemoryStorage;
  readonly broker: ReturnType<typeof memoryBroker>;
  readonly living: RelayProcess[] = [];
  readonly moves: string[] = [];
  readonly #all: RelayProcess[] = [];
  #started = 0;
  #orders = 0;

  constructor(lanes: number, fail?: MakeUpOutcome) {
    const inner = memory({ lanes });
    this.broker = memoryBroker({ partitions: 16, ...(fail && { fail }) });
    const { checkpoints } = inner;
    const noting: Checkpoints = {
      claim: (...args) => checkpoints.claim(...args),
      renew: (...args) => checkpoints.renew(...args),
      release: (...args) => checkpoints.release(...args),
      leave: (...args) => checkpoints.leave(...args),
      list: (...args) => checkpoints.list(...args),
      save: async (claim, move) => {
        await checkpoints.save(claim, move);
        if (move.from !== move.to) this.moves.push(`${claim.lane} from ${move.from}`);
      },
    };
    this.storage = { ...inner, checkpoints: noting };
  }
  async join(name = String.fromCharCode(97 + ((this.#started * 7) % 26))): Promise<RelayProcess> {
    const owner = `${name}${this.#started++}`;
    const frail = frailProcess(this.storage);
    const options = { service: 'shop', owner, leaseMs: LEASE_MS };
    const running = await relay({ storage: frail.storage, to: this.broker, ...options });
    const started = { ...frail, owner, running };
    this.living.push(started);
    this.#all.push(started);
    return started;
  }
  leave(process: RelayProcess): RelayProcess {
    this.living.splice(this.living.indexOf(process), 1);
    return process;
  }
  async sell(): Promise<void> {
    const order = `o${this.#orders++ % 60}`;
    await append(this.storage.store, order, [placed({ customer: 'c' }), paid({ customer: 'c', cents: 1 })]);
  }
  get sold(): number {
    return this.#orders * 2;
  }
  /** As an onlooker sees it who would take no lane. */
  async held(): Promise<readonly HeldLane[]> {
    const onlooker = { follower: RELAY, owner: 'onlooker', leaseMs: 1_000, lanes: [], claims: [] };
    const [standing] = await this.storage.checkpoints.renew([onlooker]);
    await this.storage.checkpoints.leave([onlooker]);
    return standing?.held ?? [];
  }
  /** How many lanes each living process has, the fewest first. @throws when a lane has no owner, or one who does not live */
  async shares(): Promise<readonly number[]> {
    const held = await this.held();
    const owners = this.living.map(({ owner }) => owner);
    const strangers = held.filter(({ owner }) => !owners.includes(owner));
    if (held.length !== this.storage.log.lanes || strangers.length > 0)
      throw new Error(
        `${held.length} of ${this.storage.log.lanes} lanes have an owner, of ${strangers.length} he is gone`,
      );
    return owners.map((one) => held.filter(({ owner }) => owner === one).length).toSorted((a, b) => a - b);
  }
  async end(): Promise<void> {
    for (const process of this.#all) process.wake();
    await Promise.all(this.#all.map(({ running }) => running.stop()));
  }
}

test('a process that joins has its share within a lease, and one that leaves gives back at once', async () => {
  holdTime();
  const fleet = new Fleet(8);
  const first = await fleet.join();
  await pass(100);
  expect(await fleet.shares()).toEqual([8]);
  await fleet.join();
  await pass(LEASE_MS);
  expect(await fleet.shares()).toEqual([4, 4]);
  await fleet.join();
  await pass(LEASE_MS);
  expect(await fleet.shares()).toEqual([2, 3, 3]);
  await fleet.leave(first).running.stop();
  await pass(LEASE_MS / 2 + 50);
  expect(await fleet.shares()).toEqual([4, 4]);
  await fleet.end();
});

test('a lane that came back while nothing happens in it shows that it follows', async () => {
  holdTime();
  const fleet = new Fleet(4);
  const first = await fleet.join();
  const following = () => first.running.status().lanes.filter(({ state }) => state === 'following').length;
  const shows = (count: number) => during(vi.waitUntil(() => following() === count, { timeout: 20_000 }));
  await shows(4);
  const second = await fleet.join();
  await shows(2);
  await fleet.leave(second).running.stop();
  await shows(4);
  expect(await fleet.shares()).toEqual([4]);
  await fleet.end();
});

test('R2 a lane is given back between two batches: what is being sent is finished first, whoever waits for it', async () => {
  holdTime();
  const sending = Promise.withResolvers<undefined>();
  let sends = 0;
  const fleet = new Fleet(2, () => {
    sends += 1;
    return sending.promise;
  });
  const first = await fleet.join();
  for (let n = 0; n < 20; n++) await fleet.sell();
  // One of each lane.
  await during(vi.waitUntil(() => sends === 2, { timeout: 20_000 }));
  const busy = (await fleet.storage.checkpoints.list(RELAY)).map(({ epoch }) => epoch);
  await fleet.join();
  await pass(4 * LEASE_MS);
  // Both lanes have a batch under way, and a second owner who is due one of them.
  expect((await fleet.held()).map(({ owner }) => owner)).toEqual([first.owner, first.owner]);
  expect((await fleet.storage.checkpoints.list(RELAY)).map(({ epoch }) => epoch)).toEqual(busy);
  sending.resolve(undefined);
  // At once, not at the next look: a lane that is always busy would never be given back.
  for (let turns = 0; turns < 200; turns++) await turn();
  expect((await fleet.held()).map(({ owner }) => owner)).toEqual([first.owner]);
  await pass(LEASE_MS);
  expect(await fleet.shares()).toEqual([1, 1]);
  const records = fleet.broker.records('shop.order').flat();
  expect(records).toHaveLength(fleet.sold);
  await fleet.end();
});

test('a process that is killed is replaced within its lease, also one that merely stood by takes over', async () => {
  holdTime();
  const fleet = new Fleet(1);
  const first = await fleet.join();
  // Renewals of the two fall half a period apart, and the first one dies when it has just renewed.
  await pass(LEASE_MS / 6);
  await fleet.join();
  await pass(10 * LEASE_MS - LEASE_MS / 6 + 50);
  expect((await fleet.held()).map(({ owner }) => owner)).toEqual([first.owner]);
  fleet.leave(first).kill();
  await pass(LEASE_MS + 50);
  expect(await fleet.shares()).toEqual([1]);
  await fleet.end();
});

test('what is spread stays where it is: no lane changes hands while nobody comes or goes', async () => {
  holdTime();
  const fleet = new Fleet(16);
  for (let n = 0; n < 3; n++) await fleet.join();
  await pass(2 * LEASE_MS);
  const epochs = async () => (await fleet.storage.checkpoints.list(RELAY)).map(({ epoch }) => epoch);
  const before = await epochs();
  for (let n = 0; n < 40; n++) {
    await fleet.sell();
    await pass(LEASE_MS / 10);
  }
  expect(await epochs()).toEqual(before);
  expect(await fleet.shares()).toEqual([5, 5, 6]);
  await fleet.end();
});

type Step = { readonly does: 'join' | 'leave' | 'die' | 'freeze' | 'wake' | 'sell' | 'pass'; readonly n: number };
const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('join', 'join', 'leave', 'die', 'freeze', 'wake', 'sell', 'sell', 'sell', 'pass', 'pass'),
  n: fc.nat(5_000),
});

test(`R2 R3 R4 whoever joins, leaves, freezes and dies, in the end each lane has one owner and the shares are fair, and no place was ever moved by two (seed ${seed})`, async () => {
  holdTime();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 2, 4, 8, 16),
      fc.array(step, { maxLength: 30, size: 'max' }),
      async (lanes, steps) => {
        const fleet = new Fleet(lanes);
        const leaving: Promise<void>[] = [];
        for (const { does, n } of steps) {
          const chosen = fleet.living[n % fleet.living.length];
          if (does === 'join' && fleet.living.length < 6) await fleet.join();
          else if (does === 'sell') await fleet.sell();
          else if (does === 'pass') await pass(n);
          else if (chosen === undefined) continue;
          else if (does === 'leave') leaving.push(fleet.leave(chosen).running.stop());
          else if (does === 'die') fleet.leave(chosen).kill();
          else if (does === 'freeze') chosen.freeze();
          else chosen.wake();
          for (let turns = 0; turns < n % 20; turns++) await turn();
        }
        if (fleet.living.length === 0) await fleet.join();
        for (const living of fleet.living) living.wake();
        await fleet.sell();
        await pass(4 * LEASE_MS);
        await during(fleet.living[0]?.running.caughtUp() ?? Promise.resolve());

        const shares = await fleet.shares();
        expect((shares.at(-1) ?? 0) - (shares[0] ?? 0)).toBeLessThanOrEqual(1);
        expect(new Set(fleet.moves).size).toBe(fleet.moves.length);
        const sequences = fleet.broker
          .records('shop.order')
          .map((of) => [...new Set(of.map((record) => parseRecord(record).stamp.sequence))]);
        for (const of of sequences) expect(of).toEqual(of.map((_, i) => i + 1));
        expect(sequences.flat()).toHaveLength(fleet.sold);
        await during(Promise.all([fleet.end(), ...leaving]));
      },
    ),
    { seed, numRuns: 60 },
  );
}, 120_000);
