import assert from 'node:assert/strict';
import { envelopeOf, markRecord, parseRecord } from '@leftfold/subscriptions';
import type { EmptyMark, KeptRecord, PublishRecord } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import type { MakeCase } from './source-case.ts';
import { laneOf, noted, stamped, stampedRun } from './stamped-records.ts';

/** What is kept of a record makes it whole again; and records that only stand for events are shown to who asks for them. */
export const keptCases = (make: MakeCase): readonly ConformanceCase[] => [
  make(
    'records that were kept are whole again, in the order asked, also from another process’s source',
    1,
    async (given) => {
      const { topic, publish, read, until, source } = given;
      await publish(stampedRun(topic, 0, 1, 6));
      const reader = read();
      await until(() => reader.places.appliedCount === 6);
      const records = reader.batches.flatMap((batch) => batch.records);
      const kept = [...records].reverse().map((record) => throughText(record.keep()));
      const restored = await source().restore(kept);
      assert.deepEqual(restored.map(envelopeOf), [...records].reverse().map(envelopeOf));
      for (const [nth, record] of restored.entries())
        assert.deepEqual(record.decode(noted), { note: `note ${6 - nth}` });
      assert.deepEqual(await source().restore([]), []);
    },
  ),
  make('what was kept of a log is not to be had from a topic', 1, async ({ topic, publish, read, until, source }) => {
    await publish(stampedRun(topic, 0, 1, 1));
    const reader = read();
    await until(() => reader.places.appliedCount === 1);
    const [record] = reader.batches.flatMap((batch) => batch.records);
    assert.ok(record);
    await assert.rejects(source().restore([{ envelope: envelopeOf(record), raw: null }]), { code: 'LF_RECORD_GONE' });
  }),
  make(
    'R15 a reader that takes marks is shown what is withheld, redriven and given up, in its place, and goes on',
    1,
    async (given) => {
      const { topic, publish, read, until } = given;
      await publish([
        stamped(topic, { partition: 0, sequence: 1 }),
        standsFor(topic, 2, { kind: 'withheld', code: 'LF_RECORD_REFUSED' }),
        standsFor(topic, 3, { kind: 'given-up', reason: 'a test order' }),
        redriven(topic, 4),
        stamped(topic, { partition: 0, sequence: 5 }),
      ]);
      const reader = read({ marks: true, only: { types: ['conformance.note.noted'] } });
      await until(() => reader.places.appliedCount === 5);
      const records = reader.batches.flatMap((batch) => batch.records);
      assert.deepEqual(
        records.map(({ id, mark }) => [id, mark]),
        [
          ['0-1', undefined],
          ['0-2', { kind: 'withheld', code: 'LF_RECORD_REFUSED' }],
          ['0-3', { kind: 'given-up', reason: 'a test order' }],
          ['0-4', { kind: 'redriven' }],
          ['0-5', undefined],
        ],
      );
      assert.deepEqual(records[3]?.decode(noted), { note: 'note 4' });
      assert.equal(reader.codeOf(laneOf(topic, 0)), undefined);
    },
  ),
];

/** As a table gives it back: everything of it can be written down. */
function throughText({ envelope, raw }: KeptRecord): KeptRecord {
  assert.ok(raw, 'of a topic the bytes are kept');
  const { key, headers, place } = JSON.parse(JSON.stringify(raw)) as Omit<NonNullable<KeptRecord['raw']>, 'value'>;
  const value = raw.value && new Uint8Array(Buffer.from(Buffer.from(raw.value).toString('base64'), 'base64'));
  return { envelope, raw: { key, headers, place, value } };
}

function standsFor(topic: string, sequence: number, mark: EmptyMark): PublishRecord {
  const { headers, key } = stamped(topic, { partition: 0, sequence });
  const { envelope, stamp, fingerprint } = parseRecord({ key, headers, value: new Uint8Array([1]) });
  return markRecord(envelope, { topic, partition: 0, stamp, writer: { fingerprint }, source: 'conformance' }, mark);
}

function redriven(topic: string, sequence: number): PublishRecord {
  const record = stamped(topic, { partition: 0, sequence });
  const lf = JSON.parse(record.headers['lf'] ?? '') as object;
  return { ...record, headers: { ...record.headers, lf: JSON.stringify({ ...lf, redriven: true }) } };
}
