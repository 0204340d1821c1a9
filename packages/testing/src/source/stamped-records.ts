import { streamRef, t } from '@leftfold/core';
import type { EventId, LogPosition, StreamVersion } from '@leftfold/core';
import { formatRecord } from '@leftfold/subscriptions';
import type { Lane, PublishRecord, RecordStamp } from '@leftfold/subscriptions';

/** What the records of these cases carry. */
export const noted: t.AnySchema = t.record('Noted', { note: t.string() });

/** A record as a relay writes it. */
export interface Stamped {
  readonly partition: number;
  readonly sequence: number;
  /** Default: of the one log, in its first generation. */
  readonly stamp?: Partial<RecordStamp>;
  /** Default `note <sequence>`. */
  readonly note?: string;
  /** Of the schema it was written with. */
  readonly fingerprint?: string;
}

/** Its event id is `<partition>-<sequence>`. */
export function stamped(topic: string, { partition, sequence, stamp, note, fingerprint }: Stamped): PublishRecord {
  const stream = streamRef('conformance.note', `p${partition}`, '');
  const { key, headers } = formatRecord(
    {
      id: `${partition}-${sequence}` as EventId,
      type: 'conformance.note.noted',
      version: 1,
      tenant: '',
      stream: stream.id,
      category: stream.category,
      key: stream.key,
      streamVersion: BigInt(sequence) as StreamVersion,
      position: BigInt(sequence) as LogPosition,
      recordedAt: new Date(0),
      metadata: { correlationId: 'conformance' },
    },
    {
      stamp: { log: '01990000-0000-7000-8000-0000000000c0', generation: 1, began: 1, sequence, ...stamp },
      writer: { fingerprint: fingerprint ?? '00ff' },
      source: 'conformance',
      contentType: 'application/json',
    },
  );
  const value = new TextEncoder().encode(JSON.stringify({ note: note ?? `note ${sequence}` }));
  return { topic, partition, key, headers, value };
}

/** Those with the numbers from `from` to `to`. */
export const stampedRun = (
  topic: string,
  partition: number,
  from: number,
  to: number,
  differently: Omit<Stamped, 'partition' | 'sequence'> = {},
): readonly PublishRecord[] =>
  numbers(from, to).map((sequence) => stamped(topic, { partition, sequence, ...differently }));

/** Their event ids. */
export const idsOfRun = (partition: number, from: number, to: number): readonly string[] =>
  numbers(from, to).map((sequence) => `${partition}-${sequence}`);

/** As every source of topics names it. */
export const laneOf = (topic: string, partition: number): Lane => `${topic}/${partition}` as Lane;

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
