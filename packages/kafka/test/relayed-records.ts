import { streamRef, t } from '@leftfold/core';
import type { EventId, LogPosition, Metadata, StreamVersion } from '@leftfold/core';
import { formatRecord } from '@leftfold/subscriptions';
import type { PublishRecord } from '@leftfold/subscriptions';

/** What the records of these tests carry. */
export const noted = t.record('Noted', { note: t.string() });
export const TEST_LOG = '01990000-0000-7000-8000-000000000001';

/** One record as a relay would send it. Its id tells partition and sequence. */
export function relayed(
  topic: string,
  partition: number,
  sequence: number,
  differently: {
    readonly note?: string;
    readonly key?: string;
    readonly log?: string;
    readonly metadata?: Partial<Metadata>;
  } = {},
): PublishRecord {
  const stream = streamRef('tests.noted', differently.key ?? `p${partition}`, '');
  const { key, headers } = formatRecord(
    {
      id: `${partition}-${sequence}` as EventId,
      type: 'tests.noted.noted',
      version: 1,
      tenant: '',
      stream: stream.id,
      category: stream.category,
      key: stream.key,
      streamVersion: BigInt(sequence) as StreamVersion,
      position: BigInt(sequence) as LogPosition,
      recordedAt: new Date('2026-01-02T03:04:05.678Z'),
      metadata: { correlationId: 'c-1', ...differently.metadata },
    },
    {
      stamp: { log: differently.log ?? TEST_LOG, generation: 1, began: 1, sequence },
      writer: { fingerprint: '00ff' },
      source: 'tests',
      contentType: 'application/json',
    },
  );
  return {
    topic,
    partition,
    key,
    headers,
    value: Buffer.from(JSON.stringify({ note: differently.note ?? `note ${sequence}` })),
  };
}

/** Records `from` to `to` of a partition. */
export function relayedRun(
  topic: string,
  partition: number,
  from: number,
  to: number,
  note?: string,
): readonly PublishRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) =>
    relayed(topic, partition, from + i, note === undefined ? {} : { note }),
  );
}
