import { postgres } from '@leftfold/postgres';
import {
  followerLag,
  jsonCodec,
  relay,
  RELAY,
  type Broker,
  type Lane,
  type Publisher,
  type PublishRecord,
} from '@leftfold/subscriptions';
import { collectLogs, eventually, newEvents, newStream } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { countingPool, nothingAsked } from './counting-pool.ts';
import { testLog } from './fresh-log.ts';

/** A broker that can be away; what it is given it forgets, but for a count and the numbers. */
class Absent implements Publisher {
  isAway = true;
  sends = 0;
  readonly sequences = new Map<number, number[]>();

  async partitions(): Promise<number> {
    return 4;
  }
  async publish(records: readonly PublishRecord[]) {
    this.sends += 1;
    const cause = Object.assign(new Error('nobody answers'), { code: 'LF_BROKER_UNAVAILABLE' });
    const { isAway } = this;
    if (!isAway) {
      for (const { partition, headers } of records) {
        const { sequence } = JSON.parse(headers['lf'] as string) as { readonly sequence: number };
        this.sequences.set(partition, [...(this.sequences.get(partition) ?? []), sequence]);
      }
    }
    return [...new Set(records.map(({ partition }) => partition))].map((partition) => ({
      topic: (records[0] as PublishRecord).topic,
      partition,
      ...(isAway ? { kind: 'notWritten' as const, refused: false, cause } : { kind: 'written' as const }),
    }));
  }
  async close(): Promise<void> {
    // Nothing is open.
  }
}

test('C12 while the broker is away no page is read beyond those at hand, the lag grows for whoever asks, and all of it goes out afterwards', async () => {
  const log = await testLog();
  const asked = nothingAsked();
  const storage = postgres({ pool: countingPool(log.pool, asked), batchSize: 100 });
  const publisher = new Absent();
  const source = {
    name: 'none',
    ownership: 'assigned' as const,
    run: async () => undefined,
    head: async () => new Map(),
    hasPassed: () => true,
    restore: async () => [],
  };
  const to: Broker = { source, publisher: async () => publisher, codec: jsonCodec(), description: 'away' };
  const logger = collectLogs();
  const running = await relay({ storage, to, service: 'test', logger });
  onTestFinished(() => running.stop());

  for (let n = 0; n < 20; n++)
    await log.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1_000) }]);
  await eventually(() => publisher.sends >= 4);
  const pages = (): number => asked.statements.filter((name) => /^log_(window|backlog)/.test(name)).length;
  const read = pages();
  const sent = publisher.sends;
  await eventually(() => publisher.sends >= sent + 2);
  expect(pages(), 'a page under way and one ahead').toBe(read);
  expect(read).toBeLessThanOrEqual(4);

  expect(running.status().lanes[0]).toMatchObject({ state: 'retrying', fault: { code: 'LF_RECORDS_UNCONFIRMED' } });
  // Another process of the service, with a pool of its own.
  const lag = await followerLag(log.open({}), RELAY, { atMost: 100_000 });
  expect(lag).toMatchObject({ events: 20_000, isMore: false });
  expect(lag.oldestMs).toBeGreaterThan(0);
  expect(logger.where({ state: 'retrying' })).toHaveLength(1);

  publisher.isAway = false;
  await running.caughtUp({ timeoutMs: 50_000 });
  await running.stop();
  expect(running.status().lanes).toEqual(expect.any(Array));
  expect([...publisher.sequences.values()].flat()).toHaveLength(20_000);
  for (const sequences of publisher.sequences.values()) expect(sequences).toEqual(sequences.map((_, i) => i + 1));
  expect(await followerLag(log.open({}), RELAY)).toMatchObject({
    events: 0,
    oldestMs: 0,
    lanes: [{ lane: '0' as Lane }],
  });
});
