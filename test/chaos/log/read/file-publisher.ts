import type { PartitionOutcome, Publisher, PublishRecord } from '@leftfold/subscriptions';
import type { SeededRandom } from '@leftfold/testing';
import type { Recorder } from '../history/recorder.ts';
import { streamName } from '../write/names.ts';

const PARTITIONS = 3;

/** A broker whose partitions are the history. Now and then it has written and does not say so. */
export function filePublisher(recorder: Recorder, random: SeededRandom): Publisher {
  return {
    partitions: async () => PARTITIONS,
    publish: async (records) => {
      const byPartition = Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`);
      return [...byPartition].map(([name, of]): PartitionOutcome => {
        recorder.add({ op: 'sent', partition: name, records: of.map(sent) });
        const [{ topic, partition }] = of as [PublishRecord];
        const isKnown = random.below(10) > 0;
        return isKnown
          ? { topic, partition, kind: 'written' }
          : { topic, partition, kind: 'unknown', cause: new Error('no answer came') };
      });
    },
    close: async () => undefined,
  };
}

function sent({ headers }: PublishRecord): readonly [string, string, string, number] {
  const { sequence, tenant, streamVersion } = JSON.parse(headers['lf'] ?? '{}') as {
    readonly sequence: number;
    readonly tenant: string;
    readonly streamVersion: string;
  };
  const { ce_id: id = '', ce_subject: subject = '' } = headers;
  return [
    tenant === '' ? id : `${tenant}/${id}`,
    streamName({ tenant, id: subject as never }),
    streamVersion,
    sequence,
  ];
}
