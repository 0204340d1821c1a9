import type { Base, Callback, ClusterMetadata, kMetadata, MetadataOptions } from '@platformatic/kafka';
import { PartitionCountChanged } from '../errors.ts';
import type { TopicDeclaration } from '../options.ts';

type Ask = (options: MetadataOptions, callback: Callback<ClusterMetadata>) => void;

/**
 * Makes a client refuse to know a topic with another number of partitions than declared. The package's producer asks for the metadata in the midst of a
 * send, and where a topic has become smaller (deleted and made anew) it writes a record for partition 7 of 3 to partition 1 (R5c), or, at its second
 * try, throws where nobody catches: the process ends.
 */
export function keepPartitions(client: Base, ask: typeof kMetadata, declared: readonly TopicDeclaration[]): void {
  const asked: Ask = client[ask].bind(client);
  const asks: Ask = (options, callback) =>
    asked(options, (error, metadata) => {
      const changed = error ? undefined : changedCount(metadata as ClusterMetadata, declared);
      if (changed === undefined) callback(error, metadata);
      else callback(changed, undefined);
    });
  client[ask] = asks;
}

function changedCount(
  { topics }: ClusterMetadata,
  declared: readonly TopicDeclaration[],
): PartitionCountChanged | undefined {
  for (const { name, partitions } of declared) {
    const found = topics.get(name)?.partitionsCount;
    if (found !== undefined && found !== partitions) return new PartitionCountChanged(name, partitions, found);
  }
  return undefined;
}
