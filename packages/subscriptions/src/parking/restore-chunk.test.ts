import { event, t } from '@leftfold/core';
import { expect, test } from 'vitest';
import type { ParkedEvent } from '../parked.ts';
import { CHUNK_BYTES, restoreChunk } from './restore-chunk.ts';
import type { KeptRecord, Source, SourceRecord } from '../source.ts';

const happened = event('shop.thing.happened', { n: t.int() });
const types = new Map([[happened.type, happened]]);

/** Parked events, and a log that has them, each with a payload as large as this, but one. It counts what it was asked for. */
function parked(count: number, bytes: number, gone?: string) {
  const events = Array.from({ length: count }, (_, n): ParkedEvent => {
    const envelope = { type: happened.type, id: `e${n}` } as unknown as KeptRecord['envelope'];
    return { n: BigInt(n), envelope, kept: { envelope, raw: null } };
  });
  const payload = ' '.repeat(bytes);
  const asked: number[] = [];
  const source = {
    restore: async (kept: readonly KeptRecord[]) => {
      asked.push(kept.length);
      if (kept.some(({ envelope }) => envelope.id === gone)) throw new Error(`${gone} is gone`);
      return kept.map(({ envelope }) => ({ ...envelope, payload }) as unknown as SourceRecord);
    },
  } as unknown as Source;
  return { asked, restored: () => restoreChunk(source, events, types, new AbortController().signal) };
}

test('large events are restored as far as they fit, one step beyond at most; the others another time', async () => {
  const { asked, restored } = parked(100, CHUNK_BYTES / 16);
  expect((await restored()).events).toHaveLength(20);
  expect(asked).toEqual([10, 10]);
});

test('small ones are all restored', async () => {
  expect((await parked(25, 100).restored()).events).toHaveLength(25);
});

test('it ends before one that cannot be had, with the reason, and asks for none of a later step', async () => {
  const { asked, restored } = parked(40, 100, 'e12');
  const { events, fault } = await restored();
  expect(events.map(({ parked: { n } }) => Number(n))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(fault).toMatchObject({ message: 'e12 is gone' });
  // A step, the next, and that once more, event by event.
  expect(asked).toEqual([10, 10, 1, 1, 1]);
});
