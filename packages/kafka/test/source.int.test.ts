import { jsonCodec } from '@leftfold/subscriptions';
import type { Codec, Cursor, Publisher } from '@leftfold/subscriptions';
import kafkajs from 'kafkajs';
import { setTimeout as timer } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { placeCursor } from '../src/cursor.ts';
import { kafka } from '../src/index.ts';
import type { KafkajsSource, KafkaOptions, PlatformaticSource } from '../src/index.ts';
import { topicLane } from '../src/topic-lane.ts';
import { aborted, CheckpointReader, follow, SharedModel } from './checkpoint-reader.ts';
import { until } from './until.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { noted, relayed, relayedRun, TEST_LOG } from './relayed-records.ts';
import { deleteBelow, groupsReady, newTopic as newTopicOf } from './test-cluster.ts';

beforeAll(groupsReady);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
async function publisherOf(options: KafkaOptions): Promise<Publisher> {
  const publisher = await persistentPublisher(options);
  open.push(publisher);
  return publisher;
}
type AnySource = KafkajsSource | PlatformaticSource;
function sourceOf(options: KafkaOptions): AnySource {
  return kafka(options).source as AnySource;
}
function following(source: AnySource, reader: CheckpointReader): void {
  open.push({ close: follow(source, reader).stop });
}
async function saveAt(
  model: SharedModel,
  topic: string,
  partition: number,
  sequence: number,
  offset = sequence,
): Promise<void> {
  const claim = await model.checkpoints.claim(model.follower, topicLane(topic, partition), {
    owner: 'before',
    leaseMs: 1_000,
    respectLease: false,
  });
  const to = placeCursor({ last: { log: TEST_LOG, generation: 1, sequence }, nextOffset: BigInt(offset) });
  await model.checkpoints.save(claim!, { from: 'start', to });
}
const ids = (partition: number, from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${partition}-${from + i}`);

describe.each(['kafkajs', 'platformatic'] as const)('over %s', (client) => {
  const newTopic = (partitions: number, changed: Partial<KafkaOptions> = {}) =>
    newTopicOf(partitions, { client, ...changed });

  test('what was published is read as it was, decoded on demand, and the head is passed', async () => {
    const options = newTopic(2);
    const publisher = await publisherOf(options);
    const metadata = { actor: 'Zoë', effectiveAt: new Date('2025-12-31T00:00:00Z'), headers: { 'x-note': 'Grüße 👋🏽' } };
    await publisher.publish([
      relayed(options.topic, 0, 1, { note: '東京 𝄞', key: 'ключ/é', metadata }),
      relayed(options.topic, 1, 1, { note: '' }),
    ]);
    const source = sourceOf(options);
    const reader = new CheckpointReader('round-trip');
    following(source, reader);
    const head = await source.head();
    expect([...head.keys()].sort()).toEqual([topicLane(options.topic, 0), topicLane(options.topic, 1)]);
    await until('the head is passed', async () => {
      for (const [lane, end] of head) if (!source.hasPassed(await reader.model.cursor(lane), end)) return false;
      return true;
    });
    const [record] = reader.batches.find(({ lane }) => lane === topicLane(options.topic, 0))!.records;
    expect(record).toMatchObject({
      id: '0-1',
      type: 'tests.noted.noted',
      key: 'ключ/é',
      stream: 'tests.noted-ключ/é',
      streamVersion: 1n,
      recordedAt: new Date('2026-01-02T03:04:05.678Z'),
      metadata: { correlationId: 'c-1', ...metadata },
    });
    expect(record!.decode(noted)).toEqual({ note: '東京 𝄞' });
  });

  test('a head is not passed before everything it covers was read', async () => {
    const options = newTopic(1);
    const source = sourceOf(options);
    const [empty] = (await source.head()).values();
    expect(source.hasPassed('start', empty!)).toBe(true);
    await (await publisherOf(options)).publish(relayedRun(options.topic, 0, 1, 3));
    const [head] = (await source.head()).values();
    const at = (offset: bigint) =>
      placeCursor({ last: { log: TEST_LOG, generation: 1, sequence: 1 }, nextOffset: offset });
    expect([
      source.hasPassed('start', head!),
      source.hasPassed(at(2n), head!),
      source.hasPassed(at(3n), head!),
    ]).toEqual([false, false, true]);
  });

  test('the batches of a lane join, in order, one after the other', async () => {
    const options = newTopic(2, { maxBatchBytes: 16_384 });
    const publisher = await publisherOf(options);
    const reader = new CheckpointReader('joined');
    let atOnce = 0;
    reader.onBatch = async () => {
      expect(++atOnce).toBeLessThanOrEqual(2);
      await timer(2);
      atOnce--;
    };
    following(sourceOf(options), reader);
    for (let sequence = 1; sequence <= 400; sequence += 20)
      await publisher.publish(
        [0, 1].flatMap((partition) => relayedRun(options.topic, partition, sequence, sequence + 19)),
      );
    await until('all applied', () => reader.model.applied.length === 800);
    for (const partition of [0, 1]) {
      const lane = topicLane(options.topic, partition);
      expect(reader.model.idsOf(lane)).toEqual(ids(partition, 1, 400));
      const batches = reader.batches.filter((batch) => batch.lane === lane);
      expect(batches[0]?.from).toBe('start');
      for (const [i, batch] of batches.entries())
        if (i > 0) expect([batch.from, batch.at]).toEqual([batches[i - 1]!.to, batches[i - 1]!.to]);
    }
  });

  test('C2 nothing below the saved place is read while a slow reader is asked for it', async () => {
    const options = newTopic(3);
    const publisher = await publisherOf(options);
    await publisher.publish([0, 1, 2].flatMap((partition) => relayedRun(options.topic, partition, 1, 1_000)));
    const reader = new CheckpointReader('slow');
    for (const partition of [0, 1, 2]) await saveAt(reader.model, options.topic, partition, 500);
    reader.onFrom = async () => timer(300);
    const source = sourceOf(options);
    following(source, reader);
    await until('all applied', () => reader.model.applied.length >= 1_500);
    for (const partition of [0, 1, 2])
      expect(reader.model.idsOf(topicLane(options.topic, partition))).toEqual(ids(partition, 501, 1_000));
    expect({ resent: source.counts.resent, strays: source.counts.strays, faults: reader.faults }).toEqual({
      resent: 0,
      strays: 0,
      faults: [],
    });
  });

  test('records sent twice are applied once and counted', async () => {
    const options = newTopic(1);
    const publisher = await publisherOf(options);
    const source = sourceOf(options);
    const reader = new CheckpointReader('resent');
    following(source, reader);
    await publisher.publish(relayedRun(options.topic, 0, 1, 5));
    await publisher.publish(relayedRun(options.topic, 0, 3, 5));
    await publisher.publish(relayedRun(options.topic, 0, 1, 8));
    await until('the last is applied', () => reader.model.applied.length >= 8);
    expect(reader.model.idsOf(topicLane(options.topic, 0))).toEqual(ids(0, 1, 8));
    expect(source.counts.resent).toBe(8);
  });

  test('a gap in the sequence stops its lane before it, and no other', async () => {
    const options = newTopic(2);
    const publisher = await publisherOf(options);
    await publisher.publish([
      ...relayedRun(options.topic, 0, 1, 3),
      ...relayedRun(options.topic, 0, 5, 9),
      ...relayedRun(options.topic, 1, 1, 3),
    ]);
    const reader = new CheckpointReader('gap');
    following(sourceOf(options), reader);
    const [stopped, sound] = [topicLane(options.topic, 0), topicLane(options.topic, 1)];
    await until('the lane stops', () => reader.codeOf(stopped) !== undefined);
    expect(reader.codeOf(stopped)).toBe('LF_GAP');
    await publisher.publish(relayedRun(options.topic, 1, 4, 20));
    await until('the other goes on', () => reader.model.idsOf(sound).length === 20);
    expect(reader.model.idsOf(stopped)).toEqual(ids(0, 1, 3));
  });

  test('a record that no relay wrote stops its lane with its code', async () => {
    const options = newTopic(1);
    const publisher = await publisherOf(options);
    await publisher.publish(relayedRun(options.topic, 0, 1, 2));
    const stranger = new kafkajs.Kafka({
      brokers: [...options.brokers],
      logLevel: kafkajs.logLevel.NOTHING,
    }).producer();
    await stranger.connect();
    await stranger.send({ topic: options.topic, messages: [{ value: 'hello' }] });
    await stranger.disconnect();
    const reader = new CheckpointReader('stranger');
    following(sourceOf(options), reader);
    const lane = topicLane(options.topic, 0);
    await until('the lane stops', () => reader.codeOf(lane) !== undefined);
    expect(reader.codeOf(lane)).toBe('LF_RECORD_UNDECODABLE');
    expect(reader.model.idsOf(lane)).toEqual(ids(0, 1, 2));
    expect(reader.faults.at(-1)?.error).toMatchObject({
      place: `${options.topic}/0 at offset 2`,
      record: { key: null, value: Buffer.from('hello') },
    });
  });

  test('C11 retention has passed the saved place: the lane stops, and starts nowhere else', async () => {
    const options = newTopic(3);
    const publisher = await publisherOf(options);
    await publisher.publish([0, 1, 2].flatMap((partition) => relayedRun(options.topic, partition, 1, 500)));
    await deleteBelow(options.topic, 300, [0, 1]);
    const reader = new CheckpointReader('late');
    await saveAt(reader.model, options.topic, 0, 100);
    following(sourceOf(options), reader);
    const [saved, fresh, sound] = [0, 1, 2].map((partition) => topicLane(options.topic, partition));
    await until('two stop, one goes on', () => reader.model.idsOf(sound!).length === 500 && reader.faults.length >= 2);
    expect([reader.codeOf(saved!), reader.codeOf(fresh!)]).toEqual(['LF_RETENTION_PASSED', 'LF_RETENTION_PASSED']);
    expect(reader.model.applied).toHaveLength(500);
  });

  test('C11 retention passes a reader at work: whatever its client does then, the lane stops', async () => {
    const options = newTopic(1, { maxBatchBytes: 16_384 });
    const publisher = await publisherOf(options);
    const reader = new CheckpointReader('overtaken');
    const lane = topicLane(options.topic, 0);
    const held = Promise.withResolvers<void>();
    reader.onBatch = (_batch, signal) => Promise.race([held.promise, aborted(signal)]);
    following(sourceOf(options), reader);
    // More than may be fetched ahead.
    for (let from = 1; from <= 100; from += 20)
      await publisher.publish(relayedRun(options.topic, 0, from, from + 19, 'long '.repeat(1_000)));
    await until('the first batch is under way', () => reader.batches.length === 1);
    await deleteBelow(options.topic, 95, [0]);
    held.resolve();
    await until('the lane stops', () => reader.codeOf(lane) !== undefined);
    expect(reader.codeOf(lane)).toBe('LF_RETENTION_PASSED');
    const applied = reader.model.idsOf(lane);
    expect(applied.length).toBeLessThan(95);
    expect(applied).toEqual(ids(0, 1, applied.length));
  });

  test('C11b a topic made anew stops its followers, shorter or grown past the saved place', async () => {
    const options = newTopic(2);
    const publisher = await publisherOf(options);
    // A relay that went on: its numbers do not begin anew with the offsets.
    await publisher.publish([...relayedRun(options.topic, 0, 101, 150), ...relayedRun(options.topic, 1, 101, 150)]);
    const reader = new CheckpointReader('anew');
    await saveAt(reader.model, options.topic, 0, 100);
    await saveAt(reader.model, options.topic, 1, 30);
    following(sourceOf(options), reader);
    const [shorter, grown] = [topicLane(options.topic, 0), topicLane(options.topic, 1)];
    await until('both stop', () => reader.codeOf(shorter) !== undefined && reader.codeOf(grown) !== undefined);
    expect([reader.codeOf(shorter), reader.codeOf(grown)]).toEqual(['LF_TOPIC_RECREATED', 'LF_GAP']);
    expect(reader.model.applied).toEqual([]);
  });

  test('a cursor of another source stops the lane', async () => {
    const options = newTopic(1);
    const reader = new CheckpointReader('mixed-up');
    const lane = topicLane(options.topic, 0);
    const { checkpoints, follower } = reader.model;
    const claim = await checkpoints.claim(follower, lane, { owner: 'before', leaseMs: 1_000, respectLease: false });
    await checkpoints.save(claim!, { from: 'start', to: 'm1/x/5' as Cursor });
    following(sourceOf(options), reader);
    await until('the lane stops', () => reader.codeOf(lane) !== undefined);
    expect(reader.codeOf(lane)).toBe('LF_CURSOR_INVALID');
  });

  /** JSON behind a registry that answers for the first `known` records alone, until it is told otherwise. */
  function lateCodec(code: string): { readonly codec: Codec; known: number; asked: number } {
    const late = {
      known: 0,
      asked: 0,
      codec: {
        ...jsonCodec(),
        prepare: async (needed: Parameters<Codec['prepare']>[0]): Promise<void> => {
          late.asked += 1;
          const sequences = ('records' in needed ? needed.records : []).map(({ headers }) =>
            Number(headers['ce_id']?.split('-')[1]),
          );
          if (sequences.some((sequence) => sequence > late.known))
            throw Object.assign(new Error('made up'), { code, retryable: code !== 'LF_REGISTRY_REFUSED' });
        },
      },
    };
    return late;
  }

  test.each(['LF_SCHEMA_UNREGISTERED', 'LF_REGISTRY_UNAVAILABLE'])(
    'A7 a record that meets %s is tried again, visibly; what stands before it is handed over, and nothing is skipped or doubled',
    async (code) => {
      const options = newTopic(2);
      const late = lateCodec(code);
      late.known = 3;
      const publisher = await publisherOf(options);
      await publisher.publish([...relayedRun(options.topic, 0, 1, 10), ...relayedRun(options.topic, 1, 1, 3)]);
      await publisher.publish(relayedRun(options.topic, 0, 2, 5));
      const reader = new CheckpointReader('schemas');
      const source = sourceOf({ ...options, codec: late.codec });
      following(source, reader);
      const [waiting, sound] = [topicLane(options.topic, 0), topicLane(options.topic, 1)];
      await until('it was tried again', () => reader.faults.length >= 3);
      await until('the others go on', () => reader.model.idsOf(sound).length === 3);
      expect(reader.model.idsOf(waiting)).toEqual(ids(0, 1, 3));
      expect(reader.recoveries).toEqual([]);
      expect(new Set(reader.faults.map((fault) => fault.code))).toEqual(new Set([code]));
      expect(reader.faults.every(({ lane, retryMs }) => lane === waiting && retryMs !== null)).toBe(true);
      late.known = 7;
      await until('it goes on as far as it can', () => reader.model.idsOf(waiting).length === 7);
      late.known = 10;
      await until('all applied', () => reader.model.applied.length >= 13);
      expect(reader.model.idsOf(waiting)).toEqual(ids(0, 1, 10));
      await until('the doubles are known', () => source.counts.resent === 4);
    },
  );

  test('a fault that another owner has dealt with is over, though no batch follows', async () => {
    const options = newTopic(1);
    const publisher = await publisherOf(options);
    await publisher.publish(relayedRun(options.topic, 0, 1, 3));
    const reader = new CheckpointReader('outdone');
    const { checkpoints, follower } = reader.model;
    reader.onBatch = async ({ lane, from, to }) => {
      const other = await checkpoints.claim(follower, lane, { owner: 'other', leaseMs: 1_000, respectLease: false });
      await checkpoints.save(other!, { from, to });
      throw Object.assign(new Error('made up'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
    };
    following(sourceOf(options), reader);
    await until('it is told', () => reader.faults.length > 0);
    await until('it is over', () => reader.recoveries.length > 0);
    expect(reader.recoveries).toEqual([topicLane(options.topic, 0)]);
    expect(reader.batches).toHaveLength(1);
  });

  test('A7 a registry that refuses stops the lane, after what stands before', async () => {
    const options = newTopic(1);
    const late = lateCodec('LF_REGISTRY_REFUSED');
    late.known = 3;
    const publisher = await publisherOf(options);
    await publisher.publish(relayedRun(options.topic, 0, 1, 5));
    const reader = new CheckpointReader('refused');
    following(sourceOf({ ...options, codec: late.codec }), reader);
    const lane = topicLane(options.topic, 0);
    await until('the lane stops', () => reader.codeOf(lane) !== undefined);
    expect(reader.codeOf(lane)).toBe('LF_REGISTRY_REFUSED');
    expect(reader.model.idsOf(lane)).toEqual(ids(0, 1, 3));
  });

  test('A7 C3 while a registry keeps its answer for longer than the session, the membership is kept and other lanes go on', async () => {
    const options = newTopic(2, { sessionTimeoutMs: 3_000 });
    let isSilent = true;
    let givenUp = 0;
    const codec: Codec = {
      ...jsonCodec(),
      prepare: async (needed, { signal } = {}) => {
        const isOfFirst =
          'records' in needed && needed.records.some(({ headers }) => headers['ce_id']?.startsWith('0-'));
        if (!isOfFirst || !isSilent || signal === undefined) return;
        await aborted(signal);
        givenUp += 1;
        signal.throwIfAborted();
      },
    };
    const publisher = await publisherOf(options);
    await publisher.publish([...relayedRun(options.topic, 0, 1, 5), ...relayedRun(options.topic, 1, 1, 5)]);
    const reader = new CheckpointReader('silent');
    const running = follow(sourceOf({ ...options, codec }), reader);
    const [silent, moving] = [topicLane(options.topic, 0), topicLane(options.topic, 1)];
    const since = Date.now();
    let sequence = 5;
    while (Date.now() - since < 7_000) {
      await publisher.publish(relayedRun(options.topic, 1, ++sequence, sequence));
      await until('the other lane goes on', () => reader.model.idsOf(moving).length === sequence);
    }
    expect({ lost: reader.lostLanes, applied: reader.model.idsOf(silent), faults: reader.faults, givenUp }).toEqual({
      lost: [],
      applied: [],
      faults: [],
      givenUp: 0,
    });
    await running.stop();
    expect(givenUp).toBe(1);
    isSilent = false;
    const again = follow(sourceOf({ ...options, codec }), reader);
    open.push({ close: again.stop });
    await until('all applied', () => reader.model.idsOf(silent).length === 5);
  });

  test('A7 bytes that are no record say where they stand, and are kept as they came', async () => {
    const options = newTopic(1);
    const publisher = await publisherOf(options);
    const [sound, cut] = relayedRun(options.topic, 0, 1, 2);
    await publisher.publish([sound!, { ...cut!, value: Buffer.from('{"note":"cut') }]);
    const reader = new CheckpointReader('cut');
    following(sourceOf(options), reader);
    await until('they are read', () => reader.model.applied.length === 2);
    const [first, second] = reader.batches.flatMap(({ records }) => records);
    expect(first?.decode(noted)).toEqual({ note: 'note 1' });
    expect(() => second?.decode(noted)).toThrow(
      expect.objectContaining({
        code: 'LF_RECORD_UNDECODABLE',
        place: `${options.topic}/0 at offset 1`,
        message: expect.stringContaining(`${options.topic}/0 at offset 1`) as unknown,
        record: expect.objectContaining({ key: cut!.key, value: Buffer.from('{"note":"cut') }) as unknown,
      }),
    );
  });
});
