import { memory, memoryBroker } from '@leftfold/memory';
import type { MadeUpOutcome, MemoryStorage } from '@leftfold/memory';
import { parseRecord, readSource, relay, RELAY } from '@leftfold/subscriptions';
import type { Cursor, Lane, Milestone, PublishRecord, Running } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { frailProcess } from './another-process.ts';
import { append, noted, paid, placed } from './shop.ts';

const LANES = 2;
const lanes = ['0', '1'] as Lane[];
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const milestonesOf = async ({ milestones }: MemoryStorage): Promise<readonly Milestone[]> =>
  (await Promise.all(lanes.map((lane) => milestones.list(RELAY, lane, { limit: 1_000 })))).flat();
function stopped(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}
const idsAfter = async ({ log }: MemoryStorage, lane: Lane, from: Cursor): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (const [its, end] of await log.head()) {
    if (its !== lane) continue;
    const until = new Map([[lane, end]]);
    for await (const { records } of readSource(log, { from: new Map([[lane, from]]), until }))
      ids.push(...records.filter(({ topic }) => topic !== null).map(({ id }) => id));
  }
  return ids;
};

/** One life of a relay: what is sold meanwhile, whether it is killed in the end, and what the broker answers. */
const life = fc.record({
  sells: fc.array(fc.tuple(fc.nat(9), fc.constantFrom('public', 'private')), { minLength: 1, maxLength: 8 }),
  isKilled: fc.boolean(),
  answers: fc.array(fc.constantFrom('unknown', 'partly', 'written', 'written'), { maxLength: 3 }),
});

test(`from each milestone on, log and topic hold the same events, whoever was killed between (seed ${seed})`, async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
      let now = 1_000_000;
      const storage = memory({ lanes: LANES, now: () => now });
      const answers: string[] = [];
      const broker = memoryBroker({
        partitions: 4,
        fail: ([first]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
          const { topic, partition } = first as PublishRecord;
          const answer = answers.shift();
          if (answer === undefined || answer === 'written') return undefined;
          const unknown = { topic, partition, kind: 'unknown', cause: new Error('made up') } as const;
          return answer === 'partly' ? { ...unknown, wrote: 1 } : unknown;
        },
      });
      for (const [n, { sells, isKilled, answers: told }] of lives.entries()) {
        answers.push(...told);
        const frail = frailProcess(storage);
        const options = { service: 'shop', owner: `relay ${n}`, leaseMs: 1_000, milestones: { everyMs: 100 } };
        const running = stopped(await relay({ storage: frail.storage, to: broker, ...options }));
        for (const [order, what] of sells) {
          const event = what === 'public' ? placed({ customer: 'c' }) : noted({ note: 'n' });
          await append(storage.store, `o${order}`, [event, paid({ customer: 'c', cents: 1 })]);
        }
        await running.caughtUp();
        const reached = (await milestonesOf(storage)).length;
        if (n % 2 === 0)
          await vi.waitFor(async () => expect((await milestonesOf(storage)).length).toBeGreaterThan(reached), {
            timeout: 20_000,
          });
        if (isKilled) {
          frail.kill();
          now += 1_001;
        }
        await running.stop();
      }

      for (const { lane, cursor, partitions } of await milestonesOf(storage)) {
        found += 1;
        const later = partitions.flatMap(({ topic, partition, next, offset }) => {
          const records = (broker.records(topic)[partition] ?? []).map(parseRecord);
          const isLater = ({ stamp }: (typeof records)[number]): boolean => stamp.sequence >= next;
          expect(records.slice(0, Number(offset)).filter(isLater)).toEqual([]);
          const read = records.slice(Number(offset)).filter(isLater);
          const last = Math.max(next - 1, ...records.map(({ stamp }) => stamp.sequence));
          expect([...new Set(read.map(({ stamp }) => stamp.sequence))]).toEqual(
            Array.from({ length: last - next + 1 }, (_, i) => next + i),
          );
          return read.map(({ envelope }) => envelope.id);
        });
        expect(partitions.map(({ partition }) => partition % LANES)).toEqual(partitions.map(() => Number(lane)));
        expect([...new Set(later)].toSorted()).toEqual((await idsAfter(storage, lane, cursor)).toSorted());
      }
    }),
    { seed, numRuns: 15 },
  );
  expect(found).toBeGreaterThan(15);
}, 120_000);

test('a lane that publishes nothing writes no milestone, and one that publishes a lot writes one in each interval', async () => {
  const storage = memory({ lanes: LANES });
  const running = stopped(
    await relay({ storage, to: memoryBroker({ partitions: 4 }), service: 'shop', milestones: { everyMs: 3_600_000 } }),
  );
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await running.caughtUp();
  expect(await milestonesOf(storage)).toEqual([]);
  await running.stop();
  const eager = stopped(
    await relay({ storage, to: memoryBroker({ partitions: 4 }), service: 'shop', milestones: { everyMs: 100 } }),
  );
  for (let n = 0; n < 30; n++) await append(storage.store, 'o1', [paid({ customer: 'c', cents: n })]);
  await eager.caughtUp();
  await vi.waitFor(async () => expect(await milestonesOf(storage)).not.toEqual([]), { timeout: 20_000 });
  const written = await milestonesOf(storage);
  expect(new Set(written.map(({ lane }) => lane)).size).toBe(1);
  await append(storage.store, 'o1', [noted({ note: 'private' })]);
  await eager.caughtUp();
  await eager.stop();
  expect(await milestonesOf(storage)).toEqual(written);
});

test('a milestone leads to the end of the last confirmed window, not past what is confirmed of the window after it', async () => {
  const storage = memory();
  let isAway = false;
  let known: readonly number[] = [];
  const broker = memoryBroker({
    partitions: 2,
    fail: ([record]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
      const { topic, partition } = record as PublishRecord;
      const isAnswered = !isAway || partition === 0;
      if (isAway && partition === 0) known = broker.records(topic).map((of) => of.length);
      return isAnswered ? undefined : { topic, partition, kind: 'unknown', cause: new Error('made up') };
    },
  });
  const streams = Array.from({ length: 8 }, (_, n) => `o${n}`);
  const sellAll = async (): Promise<void> => {
    const events = streams.map((order) => append(storage.store, order, [paid({ customer: 'c', cents: 1 })]));
    await Promise.all(events);
  };
  const running = stopped(await relay({ storage, to: broker, service: 'shop', milestones: { everyMs: 100 } }));
  await sellAll();
  await running.caughtUp();
  isAway = true;
  const before = broker.records('shop.order').map((of) => of.length);
  await sellAll();
  await vi.waitFor(() => expect(broker.records('shop.order')[0]?.length).toBeGreaterThan(before[0] ?? 0), {
    timeout: 20_000,
  });
  await vi.waitFor(async () => expect(await milestonesOf(storage)).not.toEqual([]), { timeout: 20_000 });
  const [milestone] = await milestonesOf(storage);
  expect(milestone?.partitions.map(({ next, offset }) => [next - 1, Number(offset)])).toEqual(
    before.map((count) => [count, count]),
  );
  expect(known).not.toEqual([]);
  isAway = false;
  await running.caughtUp();
});

test('R4 a milestone of an owner that was succeeded is written by nobody', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  const running = stopped(
    await relay({ storage, to: broker, service: 'shop', owner: 'old', milestones: { everyMs: 100 } }),
  );
  await vi.waitFor(() => expect(running.status().lanes[0]?.state).toBe('following'), { timeout: 20_000 });
  const writes: string[] = [];
  const write = vi.spyOn(storage.milestones, 'write').mockImplementation(async (claim, milestone) => {
    const successor = { owner: 'successor', leaseMs: 300_000, respectLease: false };
    await storage.checkpoints.claim(RELAY, claim.lane, successor);
    writes.push(claim.lane);
    write.mockRestore();
    return storage.milestones.write(claim, milestone);
  });
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await vi.waitFor(() => expect(writes).toEqual(['0']), { timeout: 20_000 });
  await running.stop();
  expect(await storage.milestones.list(RELAY, '0' as Lane)).toEqual([]);
});

test.each([{ everyMs: 99 }, { everyMs: 3_600_001 }, { everyMs: Number.NaN }, { keepMs: 3_599_999 }])(
  'milestones as %j are refused',
  async (milestones) => {
    await expect(relay({ storage: memory(), to: memoryBroker(), service: 'shop', milestones })).rejects.toMatchObject({
      code: 'LF_OPTION_OUT_OF_RANGE',
    });
  },
);

test('a relay that may not write milestones says so once, and goes on without', async () => {
  const storage = memory();
  const refused = new Error('permission denied for table milestones');
  const milestones = { ...storage.milestones, list: async () => [], write: () => Promise.reject(refused) };
  const broker = memoryBroker({ partitions: 1 });
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const logger = { debug: say, info: say, warn: say, error: say };
  const options = { service: 'shop', logger, milestones: { everyMs: 100 } };
  const running = stopped(await relay({ storage: { ...storage, milestones }, to: broker, ...options }));
  const said = (): number => lines.filter((line) => line.includes(refused.message)).length;
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await vi.waitFor(() => expect(said()).toBe(1), { timeout: 20_000 });
  await append(storage.store, 'o2', [placed({ customer: 'c' })]);
  await running.caughtUp();
  await running.stop();
  expect(broker.records('shop.order').flat()).toHaveLength(2);
  expect(said()).toBe(1);
});
