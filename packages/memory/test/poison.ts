import { memoryBroker, type MadeUpOutcome, type MemoryBroker } from '@leftfold/memory';
import { parseRecord, recognise } from '@leftfold/subscriptions';
import type { PublishRecord, RecordPlace } from '@leftfold/subscriptions';
import { expect } from 'vitest';

// A broker that refuses records for what they are, and what a topic tells of them.

export const TOPIC = 'shop.order';

/** What a broker says to a record that it will never take. */
export const tooLarge = (): Error => Object.assign(new Error('MESSAGE_TOO_LARGE'), { code: 'LF_RECORD_REFUSED' });

/** A broker with a limit: a record whose event says more `cents` is refused, and with it all of its partition, as with a real one. */
export function refusingBroker(
  limit: { cents: number },
  partitions = 1,
  otherwise: (records: readonly PublishRecord[]) => MadeUpOutcome | undefined = () => undefined,
): MemoryBroker {
  return memoryBroker({
    partitions,
    fail: (records) => {
      const { topic, partition } = records[0] as PublishRecord;
      if (records.some((record) => centsOf(record) > limit.cents))
        return { topic, partition, kind: 'notWritten', refused: true, cause: tooLarge() };
      return otherwise(records);
    },
  });
}

function centsOf({ value }: PublishRecord): number {
  const { cents = 0 } = JSON.parse(new TextDecoder().decode(value)) as { readonly cents?: string };
  return Number(cents);
}

/** A record as a consumer that knows the numbers takes it, re-sends left out. */
export interface Told {
  readonly key: string;
  readonly sequence: number;
  readonly version: number;
  readonly id: string;
  /** `event`, or the mark. */
  readonly what: 'event' | 'withheld' | 'redriven' | 'given-up';
  readonly why?: string;
}

/** What a topic tells, by partition; seen on the way: sequences without a gap, and a re-send is the very record that was sent before. */
export function told(broker: MemoryBroker, topic = TOPIC): readonly (readonly Told[])[] {
  return broker.records(topic).map((partition) => {
    const sent = new Map<number, string>();
    let place: RecordPlace | 'start' = 'start';
    return partition.flatMap((record): Told[] => {
      const { envelope, stamp, mark } = parseRecord(record);
      const text = JSON.stringify([record.key, record.headers, [...record.value]]);
      expect(sent.get(stamp.sequence) ?? text).toBe(text);
      sent.set(stamp.sequence, text);
      const recognition = recognise(place, stamp);
      if (recognition.kind === 'fault') throw recognition.fault;
      if (recognition.kind === 'seen') return [];
      place = recognition.place;
      const why = mark?.kind === 'withheld' ? mark.code : mark?.kind === 'given-up' ? mark.reason : undefined;
      return [
        {
          key: envelope.key,
          sequence: stamp.sequence,
          version: Number(envelope.streamVersion),
          id: envelope.id,
          what: mark?.kind ?? 'event',
          ...(why !== undefined && { why }),
        },
      ];
    });
  });
}

/** `o1@2` an event, `o1@2 withheld` and so on a marked record; of one partition. */
export const story = (broker: MemoryBroker, partition = 0): readonly string[] =>
  (told(broker)[partition] ?? []).map(
    ({ key, version, what }) => `${key}@${version}${what === 'event' ? '' : ` ${what}`}`,
  );
