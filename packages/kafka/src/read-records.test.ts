import type { Codec, EncodedRecord, RecordPlace } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noted, relayed } from '../test/relayed-records.ts';
import type { Place } from './cursor.ts';
import type { FetchedRecord } from './fetched-batch.ts';
import { readRecords, type RecordReading } from './read-records.ts';

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
function partitionOf(steps: readonly { readonly back: number; readonly skipped: number }[]): readonly FetchedRecord[] {
  let [offset, next] = [0, 1];
  return steps.map(({ back, skipped }) => {
    offset += skipped;
    const sequence = Math.max(1, next - back);
    next = Math.max(next, sequence + 1);
    const { key, value, headers } = relayed(TOPIC, 0, sequence);
    return { key, value, headers, offset: BigInt(offset++) };
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
        const end = (messages.at(-1)?.offset ?? 0n) + 1n;
        const codec = learning(random);
        const applied: unknown[] = [];
        let place: Place = { last: 'start', nextOffset: 0n };
        let seen = 0;
        while (place.nextOffset < end) {
          const fetched = messages.filter(({ offset }) => offset >= place.nextOffset);
          const part = fetched.slice(0, 1 + Math.floor(random() * 8));
          const nextOffset = (part.at(-1)?.offset ?? -1n) + 1n;
          const batch = { topic: TOPIC, partition: 0, records: part, nextOffset };
          const setting = { codec, reader: {}, onSeen: (count: number) => (seen += count) };
          const read = await readRecords(place, batch, setting, signal);
          for (const record of read.records) applied.push(record.decode(noted));
          const last: RecordPlace | 'start' = read.place.last;
          expect(last === 'start' ? 0 : last.sequence).toBe(applied.length);
          if (read.fault === undefined) expect(read.place.nextOffset).toBe(nextOffset);
          place = read.place;
          if (random() < 0.5) codec.known += 1 + Math.floor(random() * 5);
        }
        const sequences = messages.map(({ headers }) => sequenceOf({ value: new Uint8Array(), headers }));
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
  const read = (...records: readonly (FetchedRecord | undefined)[]) =>
    readRecords(
      { last: 'start', nextOffset: 0n },
      { topic: TOPIC, partition: 0, records: records.filter((each) => each !== undefined), nextOffset: 4n },
      reading,
      signal,
    );
  const gap = await read(first, second, fourth);
  expect(gap).toMatchObject({ place: { nextOffset: 2n, last: { sequence: 2 } }, fault: { code: 'LF_GAP' } });
  expect(gap.records).toHaveLength(2);
  const stranger = second && { ...second, headers: {} };
  expect(await read(first, stranger)).toMatchObject({
    place: { nextOffset: 1n },
    fault: { code: 'LF_RECORD_UNDECODABLE', place: `${TOPIC}/0 at offset 1` },
  });
});
test('of a batch that goes beyond the end nothing from there on is read, and the place is the end, whatever stands there', async () => {
  const messages = partitionOf(Array.from({ length: 6 }, () => ({ back: 0, skipped: 0 })));
  const reading = { codec: { ...learning(() => 1), prepare: async () => {} }, reader: {}, onSeen: () => {} };
  const batch = (records: readonly FetchedRecord[]) => ({ topic: TOPIC, partition: 0, records, nextOffset: 6n });
  const start: Place = { last: 'start', nextOffset: 0n, topicId: 'id' };
  const cut = await readRecords(start, batch(messages), { ...reading, end: 4n }, signal);
  expect(cut).toMatchObject({ place: { nextOffset: 4n, last: { sequence: 4 }, topicId: 'id' } });
  expect(cut.records).toHaveLength(4);
  // The last record at 2, then markers up to 5.
  expect(await readRecords(start, batch(messages.slice(0, 3)), { ...reading, end: 5n }, signal)).toMatchObject({
    place: { nextOffset: 5n, last: { sequence: 3 } },
  });
  expect(await readRecords(start, batch(messages), { ...reading, end: 9n }, signal)).toMatchObject({
    place: { nextOffset: 6n },
  });
});

test('R15 a withheld event is passed by who does not look at its type, stops who does, and is passed where it was settled', async () => {
  const small = relayed(TOPIC, 0, 2);
  const lf = { ...(JSON.parse(small.headers['lf'] ?? '') as object), v: 2, withheld: 'LF_RECORD_REFUSED' };
  const headers = { ...small.headers, lf: JSON.stringify(lf) };
  const records = [relayed(TOPIC, 0, 1), { ...small, headers }, relayed(TOPIC, 0, 3)].map(
    ({ key, value, headers: of }, at): FetchedRecord => ({ key, value, headers: of, offset: BigInt(at) }),
  );
  const batch = { topic: TOPIC, partition: 0, records, nextOffset: 3n };
  const codec = { ...learning(() => 1), prepare: async () => undefined };
  const read = (reader: RecordReading['reader']) =>
    readRecords({ last: 'start', nextOffset: 0n }, batch, { codec, reader, onSeen: () => undefined }, signal);
  const asked: unknown[] = [];
  for (const reader of [
    { only: { types: ['tests.other'] } },
    { settled: async (of: object) => (asked.push(of), true) },
  ]) {
    const passed = await read(reader);
    expect(passed.records.map(({ encoded }) => sequenceOf(encoded))).toEqual([1, 3]);
    expect(passed).toMatchObject({ place: { nextOffset: 3n, last: { sequence: 3 } } });
  }
  expect(asked).toEqual([{ topic: TOPIC, tenant: '', stream: expect.any(String), streamVersion: 2n, sequence: 2 }]);
  const stopped = await read({ settled: async () => false });
  expect(stopped.records).toHaveLength(1);
  expect(stopped).toMatchObject({ place: { nextOffset: 1n }, fault: { code: 'LF_RECORD_WITHHELD', retryable: false } });
});
