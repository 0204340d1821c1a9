import { setTimeout as pause } from 'node:timers/promises';
import { jsonCodec } from '@leftfold/subscriptions';
import type { PublishRecord } from '@leftfold/subscriptions';
import { PublishHistory } from '@leftfold/testing';
import type { StoredRecord } from '@leftfold/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answered, KafkaClient, Parcel, Producer } from './client.ts';
import { KafkaPublisher } from './publisher.ts';
import { TIME_LIMITS } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';
import { topicLane } from './topic-lane.ts';
import { Topics } from './topics.ts';

const TOPIC = 'orders';
const PARTITIONS = 3;

/** What a client was seen to do with one send. `keep` says by partition whether the broker writes it all the same. */
type Fate =
  | { readonly kind: 'well' }
  /** Resolves and names only what was written (R5); the producer may be of no use any more (R5b). */
  | { readonly kind: 'leaves out'; readonly keep: readonly boolean[]; readonly isCorrupt: boolean }
  /** One error for all, as kafkajs. */
  | { readonly kind: 'throws'; readonly keep: readonly boolean[] }
  /** An error for each partition that was not written, as platformatic; of those that were the answer may be lost. */
  | { readonly kind: 'tells each'; readonly keep: readonly boolean[]; readonly hears: boolean }
  | { readonly kind: 'cannot connect' };

/** Partitions in memory behind a client whose sends end as told. */
class FatefulClient implements KafkaClient {
  readonly partitions: StoredRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly fates: Fate[] = [];
  producers = 0;

  async topics(): ReturnType<KafkaClient['topics']> {
    const config = new Map(Object.entries({ 'max.message.bytes': '1048588', 'cleanup.policy': 'delete' }));
    return new Map([[TOPIC, { copies: Array.from({ length: PARTITIONS }, () => 1), config }]]);
  }
  async create(): Promise<void> {}
  async watermarks(): ReturnType<KafkaClient['watermarks']> {
    return new Map();
  }
  async producer(): Promise<Producer> {
    if (this.fates[0]?.kind === 'cannot connect') {
      this.fates.shift();
      throw new Error('no connection');
    }
    this.producers += 1;
    let isCorrupt = false;
    return {
      send: async (parcels) => {
        if (isCorrupt) return { written: new Map() };
        const fate = this.fates.shift() ?? { kind: 'well' };
        isCorrupt = fate.kind === 'leaves out' && fate.isCorrupt;
        return this.#carryOut(fate, parcels);
      },
      discard: () => {},
      close: async () => {},
    };
  }

  #carryOut(fate: Fate, parcels: readonly Parcel[]): Answered {
    const keep = 'keep' in fate ? fate.keep : [];
    const written = new Map<string, bigint>();
    const failed = new Map<string, unknown>();
    for (const { topic, partition, records } of parcels) {
      const isKept = fate.kind === 'well' || keep[partition] === true;
      const log = this.partitions[partition] ?? [];
      if (isKept) written.set(topicLane(topic, partition), BigInt(log.length));
      else failed.set(topicLane(topic, partition), new Error('no leader'));
      if (isKept) log.push(...records);
    }
    if (fate.kind === 'throws') throw new Error('one for all');
    if (fate.kind !== 'tells each') return { written };
    return { written: fate.hears ? written : new Map(), failed, cause: new Error('some failed') };
  }
}

const keep = fc.array(fc.boolean(), { minLength: PARTITIONS, maxLength: PARTITIONS });
const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.constant<Fate>({ kind: 'well' }),
  fc.record({ kind: fc.constant('leaves out' as const), keep, isCorrupt: fc.boolean() }),
  fc.record({ kind: fc.constant('throws' as const), keep }),
  fc.record({ kind: fc.constant('tells each' as const), keep, hears: fc.boolean() }),
  fc.constant<Fate>({ kind: 'cannot connect' }),
);
const record = (partition: number, n: number): PublishRecord => ({
  topic: TOPIC,
  partition,
  key: `key-${n}`,
  // Two of them are a chunk of their own.
  value: Buffer.alloc(n % 4 === 0 ? 500_000 : 10, 'v'),
  headers: { 'x-id': String(n) },
});
function publisherOver(client: KafkaClient, limits: TimeLimits = TIME_LIMITS): KafkaPublisher {
  const options = { brokers: ['127.0.0.1:1'], clientId: 'test', codec: jsonCodec() };
  return new KafkaPublisher(
    client,
    new Topics(client, { ...options, topics: [{ name: TOPIC, partitions: PARTITIONS }] }),
    limits,
  );
}

test('R5 R5b whatever sends come to: order holds, what is told is true, and all is written once nothing fails any more', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 30 }), async (fates) => {
      const client = new FatefulClient();
      client.fates.push(...fates);
      const publisher = publisherOver(client);
      const history = new PublishHistory();
      for (let n = 1; n <= 12; n += 6) {
        const records = [0, 1, 2].flatMap((partition) => [0, 1, 2, 3, 4, 5].map((i) => record(partition, n + i)));
        await history.write(publisher, records);
      }
      await publisher.close();
      history.check(TOPIC, client.partitions);
      for (const log of client.partitions)
        expect([...new Set(log.map(({ headers }) => Number(headers['x-id'])))]).toEqual([
          1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
        ]);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('R5b an answer that leaves a partition out throws its producer away, in the same publish', async () => {
  const client = new FatefulClient();
  client.fates.push({ kind: 'leaves out', keep: [true, false, true], isCorrupt: true });
  const publisher = publisherOver(client);
  const outcome = await publisher.publish([record(0, 1), record(1, 1), record(2, 1)]);
  expect(outcome.map(({ kind }) => kind)).toEqual(['written', 'written', 'written']);
  expect([client.producers, publisher.replacements]).toEqual([2, 1]);
});

test('R6 a producer whose publish was not written whole is not used again: its numbers would be taken by other records', async () => {
  const client = new FatefulClient();
  // In the first round and in the second.
  client.fates.push({ kind: 'throws', keep: [] }, { kind: 'throws', keep: [] });
  const publisher = publisherOver(client);
  expect(await publisher.publish([record(0, 1)])).toMatchObject([{ kind: 'unknown' }]);
  expect(await publisher.publish([record(0, 1)])).toMatchObject([{ kind: 'written' }]);
  expect([client.producers, publisher.replacements]).toEqual([2, 1]);
});

test('what a client tells of each partition spares the others a second send', async () => {
  const client = new FatefulClient();
  client.fates.push({ kind: 'tells each', keep: [true, false, true], hears: true });
  const publisher = publisherOver(client);
  const outcome = await publisher.publish([record(0, 1), record(1, 1), record(2, 1)]);
  expect(outcome).toMatchObject([{ kind: 'written' }, { kind: 'written' }, { kind: 'written' }]);
  expect(client.partitions.map((log) => log.length)).toEqual([1, 1, 1]);
});

test('a partition whose broker does not answer comes last in the next second round, so that the others are told as written', async () => {
  class SilentFirst extends FatefulClient {
    override async producer(): Promise<Producer> {
      const producer = await super.producer();
      return {
        ...producer,
        send: async (parcels) => {
          const isSilent = parcels.some(({ partition }) => partition === 0);
          // As long as the second round may last.
          if (isSilent && parcels.length === 1) await pause(100);
          if (isSilent) throw new Error('no answer');
          return producer.send(parcels);
        },
      };
    }
  }
  const publisher = publisherOver(new SilentFirst(), { ...TIME_LIMITS, secondRoundMs: 90 });
  const records = [record(0, 1), record(1, 1), record(2, 1)];
  const kinds = async (): Promise<readonly string[]> => (await publisher.publish(records)).map(({ kind }) => kind);
  expect(await kinds()).toEqual(['unknown', 'unknown', 'unknown']);
  expect(await kinds()).toEqual(['unknown', 'written', 'written']);
});

test('a chunk that failed is not overtaken by the next one', async () => {
  const client = new FatefulClient();
  client.fates.push({ kind: 'well' }, { kind: 'throws', keep: [false, false, false] }, { kind: 'cannot connect' });
  const publisher = publisherOver(client);
  const records = Array.from({ length: 8 }, (_, i) => ({ ...record(0, i + 1), value: Buffer.alloc(400_000, 'v') }));
  const history = new PublishHistory();
  await history.write(publisher, records);
  history.check(TOPIC, client.partitions);
});
