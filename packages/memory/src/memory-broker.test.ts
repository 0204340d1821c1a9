import { streamRef } from '@leftfold/core';
import type { EventId, LogPosition, StreamVersion } from '@leftfold/core';
import { formatRecord } from '@leftfold/subscriptions';
import type { Batch, Cursor, Lane, PublishRecord, Reader } from '@leftfold/subscriptions';
import { describe, expect, test, vi } from 'vitest';
import { memoryBroker } from './memory-broker.ts';
import type { MemoryBroker } from './memory-broker.ts';

const text = new TextEncoder();
const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 20_000, interval: 5 });
/** A record as a relay writes it: the `sequence`-th of its partition. */
function record(partition: number, sequence: number, differently: Partial<PublishRecord> = {}): PublishRecord {
  const stream = streamRef('shop.order', `${partition}`);
  const envelope = {
    id: `event-${partition}-${sequence}` as EventId,
    type: 'shop.order.placed',
    version: 1,
    tenant: '',
    stream: stream.id,
    category: stream.category,
    key: stream.key,
    streamVersion: BigInt(sequence) as StreamVersion,
    position: BigInt(sequence) as LogPosition,
    recordedAt: new Date(0),
    metadata: { correlationId: 'c' },
  };
  const stamp = { log: 'log', generation: 1, began: 1, sequence };
  const frame = { stamp, writer: { fingerprint: 'f' }, source: 'shop', contentType: 'application/json' };
  return { topic: 'orders', partition, value: text.encode('{}'), ...formatRecord(envelope, frame), ...differently };
}
async function publish(broker: MemoryBroker, ...records: readonly PublishRecord[]) {
  const publisher = await broker.publisher();
  const outcome = await publisher.publish(records);
  await publisher.close();
  return outcome;
}

/** A reader that keeps what it is given, and its place in a store that all readers of a test share. */
function reading(broker: MemoryBroker, places = new Map<Lane, Cursor | 'start'>(), name = 'reader') {
  const batches: Batch[] = [];
  const lanes = new Set<Lane>();
  const faults: [Lane | undefined, unknown][] = [];
  const stop = new AbortController();
  const reader: Reader = {
    name,
    from: async (lane) => {
      lanes.add(lane);
      return places.get(lane) ?? 'start';
    },
    handle: async (batch) => {
      batches.push(batch);
      places.set(batch.lane, batch.to);
    },
    faulted: (lane, error, retryMs) => {
      expect(retryMs).toBeNull();
      faults.push([lane, error]);
    },
    lost: (lane) => void lanes.delete(lane),
  };
  const ended = broker.source.run(reader, stop.signal);
  return {
    lanes,
    batches,
    faults,
    reader,
    ids: () => batches.flatMap(({ records }) => records.map(({ id }) => id)),
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

describe('a publisher', () => {
  test('writes the records of each partition in their order and answers for each', async () => {
    const broker = memoryBroker({ partitions: 2 });
    const outcome = await publish(broker, record(1, 1), record(0, 1), record(1, 2));
    expect(outcome).toMatchObject([1, 0].map((partition) => ({ topic: 'orders', partition, kind: 'written' })));
    expect(broker.records('orders').map((partition) => partition.length)).toEqual([1, 2]);
  });
  test('refuses what no broker would take, and writes the rest', async () => {
    const broker = memoryBroker({ partitions: 2 });
    const outcome = await publish(broker, record(2, 1), record(1, 1, { value: new Uint8Array() }), record(0, 1));
    expect(outcome).toMatchObject([
      { partition: 2, kind: 'notWritten', refused: true, cause: { code: 'LF_PARTITION_UNKNOWN' } },
      { partition: 1, kind: 'notWritten', refused: true, cause: { code: 'LF_RECORD_REFUSED' } },
      { partition: 0, kind: 'written' },
    ]);
    expect(broker.records('orders').flat()).toHaveLength(1);
  });
  test('takes one publish at a time, and none once it is closed', async () => {
    const broker = memoryBroker();
    const publisher = await broker.publisher();
    const pending = publisher.publish([record(0, 1)]);
    await expect(publisher.publish([record(0, 2)])).rejects.toMatchObject({ code: 'LF_PUBLISH_CONCURRENT' });
    const closing = publisher.close();
    await expect(publisher.publish([])).rejects.toMatchObject({ code: 'LF_PUBLISHER_CLOSED' });
    await closing;
    expect(broker.records('orders')[0]).toHaveLength(1);
    expect(await pending).toHaveLength(1);
    await publisher.close();
  });
  test('answers what it is made to, having written what it was made to', async () => {
    const answers = [
      { kind: 'unknown', wrote: 1, cause: 'cut' },
      { kind: 'notWritten', refused: false, cause: 'away' },
    ] as const;
    let calls = 0;
    const broker = memoryBroker({
      fail: ([first]) => {
        const answer = answers[calls++];
        return answer && { topic: first?.topic ?? '', partition: first?.partition ?? 0, ...answer };
      },
    });
    const records = [record(0, 1), record(0, 2)];
    expect(await publish(broker, ...records)).toEqual([
      { topic: 'orders', partition: 0, kind: 'unknown', cause: 'cut' },
    ]);
    expect(broker.records('orders')[0]).toHaveLength(1);
    expect(await publish(broker, ...records)).toMatchObject([{ kind: 'notWritten', refused: false, cause: 'away' }]);
    expect(broker.records('orders')[0]).toHaveLength(1);
    expect(await publish(broker, ...records)).toMatchObject([{ kind: 'written' }]);
    expect(broker.records('orders')[0]).toHaveLength(3);
  });
  test('sends nothing when its signal has aborted', async () => {
    const broker = memoryBroker();
    const publisher = await broker.publisher();
    const outcome = await publisher.publish([record(0, 1)], { signal: AbortSignal.abort('stop') });
    expect(outcome).toMatchObject([{ kind: 'notWritten', refused: false, cause: 'stop' }]);
    expect(broker.records('orders').flat()).toEqual([]);
  });
  test('the number of partitions has limits', () => {
    for (const partitions of [0, 1.5, 1_001]) {
      expect(() => memoryBroker({ partitions })).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
    }
  });
});

describe('a source', () => {
  test('R3 drops what was sent twice, by its numbers', async () => {
    const broker = memoryBroker();
    await publish(broker, record(0, 1), record(0, 2), record(0, 1), record(0, 2), record(0, 3));
    const reader = reading(broker);
    await until(() => reader.ids().length === 3);
    await publish(broker, record(0, 3), record(0, 4));
    await until(() => reader.ids().length === 4);
    expect(reader.ids()).toEqual([1, 2, 3, 4].map((n) => `event-0-${n}`));
    await reader.stop();
  });
  test('batches join, and a place that was saved as text is read on from', async () => {
    const broker = memoryBroker({ partitions: 1 });
    const places = new Map<Lane, Cursor | 'start'>();
    await publish(broker, ...Array.from({ length: 1_200 }, (_, index) => record(0, index + 1)));
    const first = reading(broker, places);
    await until(() => first.ids().length === 1_200);
    await first.stop();
    expect(first.batches.map(({ records }) => records.length)).toEqual([500, 500, 200]);
    expect(first.batches.map(({ from }) => from)).toEqual(['start', ...first.batches.slice(0, 2).map(({ to }) => to)]);
    const head = (await broker.source.head()).get('orders/0' as Lane) as Cursor;
    expect(first.batches.map(({ to }) => broker.source.hasPassed(to, head))).toEqual([false, false, true]);
    await publish(broker, record(0, 1_201));
    const second = reading(broker, places);
    await until(() => second.ids().length === 1);
    expect(second.ids()).toEqual(['event-0-1201']);
    await second.stop();
  });
  test.each([
    ['LF_GAP', [record(0, 1), record(0, 3)]],
    ['LF_RECORD_UNDECODABLE', [record(0, 1), record(0, 2, { headers: {} })]],
    [
      'LF_OTHER_LOG',
      [
        record(0, 1),
        {
          ...record(0, 2),
          headers: {
            ...record(0, 2).headers,
            lf: (record(0, 2).headers['lf'] ?? '').replace('"log":"log"', '"log":"b"'),
          },
        },
      ],
    ],
  ])('stops a lane with %s, after what comes before, and others go on', async (code, records) => {
    const broker = memoryBroker({ partitions: 2 });
    await publish(broker, ...records, record(1, 1));
    const reader = reading(broker);
    await until(() => reader.faults.length > 0 && reader.ids().length === 2);
    expect(reader.faults).toEqual([['orders/0', expect.objectContaining({ code, retryable: false })]]);
    expect(reader.ids().toSorted()).toEqual(['event-0-1', 'event-1-1']);
    await reader.stop();
    expect(reader.faults).toHaveLength(1);
  });
  test.each(['nonsense', '{"offset":3}', '{}'])('stops at the cursor %s', async (cursor) => {
    const broker = memoryBroker({ partitions: 1 });
    await publish(broker, record(0, 1));
    const reader = reading(broker, new Map([['orders/0' as Lane, cursor as Cursor]]));
    await until(() => reader.faults.length > 0);
    expect(reader.faults[0]?.[1]).toMatchObject({ code: 'LF_CURSOR_INVALID' });
    await reader.stop();
  });
  test('C11b stops at a place beyond the end of its partition, which another broker gave out', async () => {
    const places = new Map<Lane, Cursor | 'start'>();
    const old = memoryBroker({ partitions: 1 });
    await publish(old, record(0, 1), record(0, 2));
    const before = reading(old, places);
    await until(() => before.ids().length === 2);
    await before.stop();
    const anew = memoryBroker({ partitions: 1 });
    await publish(anew, record(0, 1));
    const after = reading(anew, places);
    await until(() => after.faults.length > 0);
    expect(after.faults).toEqual([['orders/0', expect.objectContaining({ code: 'LF_TOPIC_RECREATED' })]]);
    expect(after.ids()).toEqual([]);
    await after.stop();
  });
  test('a reader that is stopping keeps what it has until its handlers have ended, and is given nothing more', async () => {
    const broker = memoryBroker({ partitions: 2 });
    await publish(broker, record(0, 1), record(1, 1));
    const handled: Lane[] = [];
    const released = Promise.withResolvers<void>();
    const stop = new AbortController();
    let isOver = false;
    const stopping = broker.source
      .run(
        {
          name: 'reader',
          from: async () => 'start',
          handle: async ({ lane }) => {
            handled.push(lane);
            await released.promise;
          },
          faulted: () => {},
        },
        stop.signal,
      )
      .then(() => (isOver = true));
    await until(() => handled.length === 2);
    const second = reading(broker);
    await until(() => second.lanes.size === 1);
    stop.abort();
    // Its lane falls to the one that is going, which must not begin anew.
    await second.stop();
    expect(isOver).toBe(false);
    released.resolve();
    await stopping;
    expect(handled).toHaveLength(2);
  });
  test('shares out lanes among the readers of a name, and again when one comes, goes, or a topic is made', async () => {
    const broker = memoryBroker({ partitions: 3 });
    await publish(broker, record(0, 1));
    const places = new Map<Lane, Cursor | 'start'>();
    const [first, other] = [reading(broker, places), reading(broker, new Map(), 'other')];
    await until(() => first.lanes.size === 3 && other.lanes.size === 3);
    const second = reading(broker, places);
    await until(() => first.lanes.size === 2 && second.lanes.size === 1);
    expect([...first.lanes, ...second.lanes].toSorted()).toEqual(['orders/0', 'orders/1', 'orders/2']);
    await publish(broker, record(0, 1, { topic: 'bills' }));
    await until(() => first.lanes.size === 3 && second.lanes.size === 3);
    await first.stop();
    await until(() => second.lanes.size === 6);
    expect(other.lanes.size).toBe(6);
    await Promise.all([second.stop(), other.stop()]);
  });
  test('aborts what a reader does with a lane that is given to another', async () => {
    const broker = memoryBroker({ partitions: 2 });
    await publish(broker, record(0, 1), record(1, 1));
    const aborted: Lane[] = [];
    const handling: Lane[] = [];
    const stop = new AbortController();
    const running = broker.source.run(
      {
        name: 'reader',
        from: async () => 'start',
        handle: async ({ lane }, signal) => {
          handling.push(lane);
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          aborted.push(lane);
        },
        faulted: () => {},
      },
      stop.signal,
    );
    await until(() => handling.length === 2);
    const second = reading(broker);
    await until(() => second.ids().length === 1);
    expect(aborted).toEqual(second.lanes.size === 1 ? [...second.lanes] : []);
    stop.abort();
    await running;
    expect(aborted).toHaveLength(2);
    await second.stop();
  });
  test('asks again for the place when a reader rejects', async () => {
    const broker = memoryBroker({ partitions: 1 });
    await publish(broker, record(0, 1));
    let asked = 0;
    const stop = new AbortController();
    await broker.source.run(
      {
        name: 'reader',
        from: async () => {
          asked += 1;
          return 'start';
        },
        handle: async () => {
          if (asked === 3) stop.abort();
          throw new Error('lost');
        },
        faulted: () => expect.unreachable(),
      },
      stop.signal,
    );
    expect(asked).toBe(3);
  });
});
