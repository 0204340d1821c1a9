import assert from 'node:assert/strict';
import { envelopeOf, type KeptRecord, type Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream, readStream } from '../event-store/encoded-events.ts';
import { readSource, recordsOf } from './read-log.ts';
import { write } from './written-events.ts';

/** What is kept of an event makes it whole again, from the log itself. */
export const keptCases = (open: () => Promise<Storage>, timeoutMs?: number): readonly ConformanceCase[] => [
  {
    title: 'events that were kept are read from the log again, in the order asked, also those that a topic had',
    run: async () => {
      const storage = await open();
      const streams = [newStream(), newStream()];
      await write(storage, streams, 4);
      const until = await storage.log.head();
      const batches = await readSource(storage.log, () => false, {
        until,
        ...(timeoutMs !== undefined && { timeoutMs }),
      });
      const records = recordsOf(batches)
        .filter((record) => streams.some(({ id }) => id === record.stream))
        .reverse();
      assert.equal(records.length, 8);
      const kept = records.map((record, nth): KeptRecord => {
        const { envelope, raw } = record.keep();
        assert.equal(raw, null, 'nothing of it lies anywhere but in the log');
        return nth % 2 === 0
          ? { envelope, raw }
          : { envelope, raw: { key: 'k', value: null, headers: {}, place: 'a topic' } };
      });
      const restored = await storage.log.restore(kept);
      assert.deepEqual(restored.map(envelopeOf), records.map(envelopeOf));
      assert.deepEqual(
        restored.map(({ payload }) => payload),
        records.map(({ payload }) => payload),
      );
      const [stream] = streams;
      assert.ok(stream);
      assert.equal((await readStream(storage.store, stream)).length, 4);
      assert.deepEqual(await storage.log.restore([]), []);
    },
  },
  {
    title: 'an event that is not there any more is told, never another one in its place',
    run: async () => {
      const storage = await open();
      const stream = newStream();
      await write(storage, [stream], 1);
      const [event] = await readStream(storage.store, stream);
      assert.ok(event);
      const envelope = { ...envelopeOf(event), id: '0199aaaa-0000-7000-8000-00000000dead' as typeof event.id };
      await assert.rejects(storage.log.restore([{ envelope, raw: null }]), { code: 'LF_RECORD_GONE' });
    },
  },
];
