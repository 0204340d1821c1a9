import assert from 'node:assert/strict';
import type { PublishRecord } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import type { PublisherHarness } from './publisher-conformance.ts';
import { allWritten, published, publishing } from './published-records.ts';

/** What stands in a topic is what was given, byte by byte. */
export const roundTripCases = (open: PublisherHarness['open']): readonly ConformanceCase[] => [
  {
    title: 'key, headers and value stand there as they were given',
    run: async () => {
      const scene = await open(1);
      const [topic = ''] = scene.topics;
      const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const odd: readonly Partial<PublishRecord>[] = [
        { key: 'ключ/東京 𝄞 "\\\n', headers: { 'x-note': 'Grüße 👋🏽 „ßœ‟ é', 'x-empty': '', 'X-Note': 'another one' } },
        { value: all },
        // Seen through a window in a larger buffer.
        { value: Buffer.concat([Buffer.from('before'), all, Buffer.from('after')]).subarray(6, 6 + 256) },
        { value: Uint8Array.of(0) },
        { headers: {} },
        { headers: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-header-${i}`, 'v'.repeat(i)])) },
        { key: 'k'.repeat(1_000), value: Buffer.alloc(200_000, 'large') },
      ];
      const records = odd.map((differently, i) => ({ ...published(topic, 0, i + 1), ...differently }));
      await publishing(scene, (publisher) => allWritten(publisher, records));
      const [stored = []] = await scene.read(topic);
      assert.equal(stored.length, records.length);
      for (const [i, { key, value, headers }] of records.entries()) {
        assert.equal(stored[i]?.key, key);
        assert.deepEqual({ ...stored[i].headers }, { ...headers });
        assert.ok(Buffer.from(stored[i].value).equals(value), `value ${i}`);
      }
    },
  },
  {
    title: 'what is done to a value after its publish reaches nobody',
    run: async () => {
      const scene = await open(1);
      const [topic = ''] = scene.topics;
      const value = Buffer.from('as it was');
      await publishing(scene, async (publisher) => {
        await allWritten(publisher, [{ ...published(topic, 0, 1), value }]);
        value.fill('x');
        await allWritten(publisher, [published(topic, 0, 2)]);
      });
      const [stored = []] = await scene.read(topic);
      assert.equal(Buffer.from(stored[0]?.value ?? []).toString(), 'as it was');
    },
  },
];
