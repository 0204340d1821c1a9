import { memory, memoryBroker, type MadeUpOutcome } from '@leftfold/memory';
import {
  FOLLOWER_RETRIES,
  followerLag,
  parseRecord,
  relay,
  RELAY,
  type Log,
  type PublishRecord,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { newEvents, newStream } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';
import { collectLogs } from './collect-logs.ts';
import { collectMetrics } from './collect-metrics.ts';

const EVENTS = 20_000;
const LANES = 4;
/** What memory's log hands over at once. */
const BATCH = 500;

/** The same log, with what its readers have been handed and not dealt with yet. */
function watchedLog(log: Log): Log & { readonly most: () => number } {
  let [held, most] = [0, 0];
  return {
    name: log.name,
    ownership: log.ownership,
    lanes: log.lanes,
    ...(log.division && { division: log.division }),
    identity: () => log.identity(),
    head: () => log.head(),
    restore: (kept, signal) => log.restore(kept, signal),
    at: (time) => log.at(time),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
    behind: (places, options) => log.behind(places, options),
    run: (reader, signal) =>
      log.run(
        {
          ...reader,
          handle: async (batch, given) => {
            held += batch.records.length;
            most = Math.max(most, held);
            await reader.handle(batch, given).finally(() => (held -= batch.records.length));
          },
        },
        signal,
      ),
    most: () => most,
  };
}

test('while the broker is away the log is the buffer: the relay holds a batch a lane, says so, and goes on where it was', async () => {
  const storage = memory({ lanes: LANES });
  const log = watchedLog(storage.log);
  const [metrics, logger] = [collectMetrics(), collectLogs()];
  let isAway = true;
  const cause = Object.assign(new Error('made up'), { code: 'LF_BROKER_UNAVAILABLE' });
  const broker = memoryBroker({
    fail: ([record]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
      const { topic, partition } = record as PublishRecord;
      return isAway ? { topic, partition, kind: 'notWritten', refused: false, cause } : undefined;
    },
  });
  const running = await relay({ storage: { ...storage, log }, to: broker, service: 'test', metrics, logger });
  onTestFinished(() => running.stop());

  const streams = Array.from({ length: 200 }, () => newStream());
  const lags: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (const stream of streams)
      await storage.store.append([{ stream, expect: 'any', events: newEvents(EVENTS / 4 / streams.length) }]);
    lags.push((await followerLag(storage, RELAY)).events);
  }
  const tried = 3 * LANES;
  await eventually(() => metrics.total(FOLLOWER_RETRIES, { code: 'LF_RECORDS_UNCONFIRMED' }) >= tried);

  expect(lags).toEqual([5_000, 10_000, 15_000, 20_000]);
  expect(running.status()).toMatchObject({ isRunning: true });
  for (const { state, fault, trouble } of running.status().lanes) {
    expect([state, fault?.code]).toEqual(['retrying', 'LF_RECORDS_UNCONFIRMED']);
    expect(trouble?.failures).toBeGreaterThan(0);
    expect(trouble?.since).toBeInstanceOf(Date);
  }
  expect(log.most()).toBeLessThanOrEqual(LANES * BATCH);
  expect(logger.where({ state: 'retrying' }), 'one line a lane, not one an attempt').toHaveLength(LANES);

  isAway = false;
  await running.caughtUp();
  expect(log.most()).toBeLessThanOrEqual(LANES * BATCH);
  expect(logger.where({ state: 'following' })).toHaveLength(LANES);
  expect(running.status().lanes.map(({ state }) => state)).toEqual(Array.from({ length: LANES }, () => 'following'));
  const records = broker.records('conformance.thing').flat().map(parseRecord);
  expect(records).toHaveLength(EVENTS);
  for (const { id } of streams) {
    const versions = records.flatMap(({ envelope }) =>
      envelope.stream === id ? [Number(envelope.streamVersion)] : [],
    );
    expect(versions).toEqual(Array.from({ length: EVENTS / streams.length }, (_, i) => i + 1));
  }
});
