import { memory, memoryBroker } from '@leftfold/memory';
import type { MadeUpOutcome, MemoryBroker } from '@leftfold/memory';
import { parseRecord, recognise, relay } from '@leftfold/subscriptions';
import type { PublishRecord, RecordPlace } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Life, mortalBroker, mortalStorage } from './mortal.ts';
import { append, noted, paid, placed } from './shop.ts';

const TOPIC = 'shop.order';

/** One process: what was appended before it started, when it dies, and what the broker answers to its sends. */
const life = fc.record({
  appends: fc.array(fc.tuple(fc.constantFrom('o1', 'o2', 'o3', 'o4'), fc.constantFrom('public', 'private')), {
    maxLength: 6,
  }),
  calls: fc.integer({ min: 1, max: 15 }),
  isAfter: fc.boolean(),
  sends: fc.array(fc.constantFrom('unknown' as const, 'partly' as const, 'notWritten' as const, 'written' as const), {
    maxLength: 4,
  }),
});

/** What a consumer that knows the numbers applies, checked on the way: a re-send is the very record that was sent before. */
function applied(broker: MemoryBroker): readonly (readonly ReturnType<typeof parseRecord>[])[] {
  return broker.records(TOPIC).map((partition) => {
    const sent = new Map<number, string>();
    let place: RecordPlace | 'start' = 'start';
    return partition.flatMap((record) => {
      const parsed = parseRecord(record);
      const { sequence } = parsed.stamp;
      const text = JSON.stringify([record.key, record.headers, [...record.value]]);
      expect(sent.get(sequence) ?? text).toBe(text);
      sent.set(sequence, text);
      const recognition = recognise(place, parsed.stamp);
      if (recognition.kind === 'fault') throw recognition.fault;
      if (recognition.kind === 'seen') return [];
      place = recognition.place;
      return [parsed];
    });
  });
}

test('R1 R3 R14 wherever relays die and whatever the broker answers, every event arrives, in order, and re-sends are known', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
      const storage = memory();
      const answers: string[] = [];
      const broker = memoryBroker({
        partitions: 2,
        fail: ([record]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
          const { topic, partition } = record as PublishRecord;
          const cause = new Error('made up');
          const answer = answers.shift();
          if (answer === 'unknown') return { topic, partition, kind: 'unknown', cause };
          if (answer === 'partly') return { topic, partition, kind: 'unknown', cause, wrote: 1 };
          if (answer === 'notWritten') return { topic, partition, kind: 'notWritten', refused: false, cause };
          return undefined;
        },
      });
      const versions = new Map<string, number>();
      let published = 0;
      for (const { appends, calls, isAfter, sends } of lives) {
        for (const [order, what] of appends) {
          const isFirst = !versions.has(order);
          versions.set(order, (versions.get(order) ?? 0) + 1);
          if (what === 'public') published += 1;
          const event = isFirst ? placed({ customer: 'c' }) : paid({ customer: 'c', cents: 1 });
          await append(storage.store, order, [what === 'public' ? event : noted({ note: 'x' })]);
        }
        answers.splice(0, answers.length, ...sends);
        const living = new Life(calls, isAfter);
        const to = mortalBroker(broker, living);
        const running = await relay({ storage: mortalStorage(storage, living), to, service: 'shop', owner: 'relay' });
        // It dies at some call, or it has nothing more to do.
        await Promise.race([living.ended, running.caughtUp().catch(() => {})]);
        await running.stop();
      }
      const last = await relay({ storage, to: broker, service: 'shop', owner: 'relay' });
      await last.caughtUp();
      await last.stop();

      const arrived = applied(broker).flat();
      expect(new Set(arrived.map(({ envelope }) => envelope.id)).size).toBe(published);
      expect(arrived).toHaveLength(published);
      for (const [, ofKey] of Map.groupBy(arrived, ({ envelope }) => envelope.key)) {
        const order = ofKey.map(({ envelope }) => Number(envelope.streamVersion));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
    }),
    { numRuns: 40 },
  );
});
