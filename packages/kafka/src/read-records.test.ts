import type { Codec, EncodedRecord, RecordPlace } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noted, relayed } from '../test/relayed-records.ts';
import type { Place } from './cursor.ts';
import { readRecords } from './read-records.ts';

type Message = Parameters<typeof readRecords>[1]['messages'][number];
const TOPIC = 'tests.noted';
const { signal } = new AbortController();
/** Source: mulberry32, Tommy Ettinger. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const sequenceOf = ({ headers }: EncodedRecord): number => Number(headers['ce_id']?.split('-')[1]);

/** A partition as relays leave it: each sequence in its turn, some sent again later, and offsets that no record has. */
function partitionOf(steps: readonly { readonly back: number; readonly skipped: number }[]): readonly Message[] {
  let [offset, next] = [0, 1];
  return steps.map(({ back, skipped }) => {
    offset += skipped;
    const sequence = Math.max(1, next - back);
    next = Math.max(next, sequence + 1);
    const { key, value, headers } = relayed(TOPIC, 0, sequence);
    return {
      key: Buffer.from(key),
      value: Buffer.from(value),
      headers,
      offset: String(offset++),
    } as unknown as Message;
  });
}
/** A registry that learns now and then, and cannot be asked at all at times. What was not looked up cannot be decoded. */
function learning(random: () => number): Codec & { known: number } {
  const prepared = new WeakSet<EncodedRecord>();
  const codec = {
    contentType: 'test',
    known: 0,
    prepare: async (needed: Parameters<Codec['prepare']>[0]): Promise<void> => {
      if (random() < 0.2) throw new Error('away');
      const records = 'records' in needed ? needed.records : [];
      if (records.some((record) => sequenceOf(record) > codec.known)) throw new Error('unregistered');
      for (const record of records) prepared.add(record);
    },
    encode: () => new Uint8Array(),
    decode: (record: EncodedRecord) => {
      if (!prepared.has(record)) throw new Error(`${sequenceOf(record)} was not looked up`);
      return sequenceOf(record);
    },
  };
  return codec;
}

test('A7 whatever cannot be looked up at whichever moment, batches join and every record comes once, in its turn, and decodable', async () => {
  const step = fc.record({ back: fc.constantFrom(0, 0, 0, 1, 3), skipped: fc.constantFrom(0, 0, 0, 1, 4) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 2 ** 31 }),
      async (steps, seed) => {
        const random = seeded(seed);
        const messages = partitionOf(steps);
        const end = BigInt(messages.at(-1)?.offset ?? 0) + 1n;
        const codec = learning(random);
        const applied: unknown[] = [];
        let place: Place = { last: 'start', nextOffset: 0n };
        let seen = 0;
        while (place.nextOffset < end) {
          const fetched = messages.filter(({ offset }) => BigInt(offset) >= place.nextOffset);
          const part = fetched.slice(0, 1 + Math.floor(random() * 8));
          const batch = { topic: TOPIC, partition: 0, messages: part, lastOffset: () => part.at(-1)?.offset ?? '' };
          const setting = { codec, reader: {}, onSeen: (count: number) => (seen += count) };
          const read = await readRecords(place, batch, setting, signal);
          for (const record of read.records) applied.push(record.decode(noted));
          const last: RecordPlace | 'start' = read.place.last;
          expect(last === 'start' ? 0 : last.sequence).toBe(applied.length);
          if (read.fault === undefined) expect(read.place.nextOffset).toBe(BigInt(part.at(-1)?.offset ?? 0) + 1n);
          place = read.place;
          if (random() < 0.5) codec.known += 1 + Math.floor(random() * 5);
        }
        const sequences = messages.map((message) => sequenceOf({ headers: message.headers } as never));
        expect(applied).toEqual([...new Set(sequences)]);
        expect(seen).toBe(sequences.length - applied.length);
      },
    ),
    { numRuns: 500 },
  );
});
test('what does not join, or is no record, ends the batch before it, after what can be looked up', async () => {
  const [first, second, , fourth] = partitionOf(Array.from({ length: 4 }, () => ({ back: 0, skipped: 0 })));
  const codec = { ...learning(() => 1), known: 9, prepare: async () => {} };
  const reading = { codec, reader: {}, onSeen: () => {} };
  const read = (...messages: readonly (Message | undefined)[]) =>
    readRecords(
      { last: 'start', nextOffset: 0n },
      { topic: TOPIC, partition: 0, messages: messages as Message[], lastOffset: () => '3' },
      reading,
      signal,
    );
  const gap = await read(first, second, fourth);
  expect(gap).toMatchObject({ place: { nextOffset: 2n, last: { sequence: 2 } }, fault: { code: 'LF_GAP' } });
  expect(gap.records).toHaveLength(2);
  const stranger = { ...second, headers: {} } as unknown as Message;
  expect(await read(first, stranger)).toMatchObject({
    place: { nextOffset: 1n },
    fault: { code: 'LF_RECORD_UNDECODABLE', place: `${TOPIC}/0 at offset 1` },
  });
});
