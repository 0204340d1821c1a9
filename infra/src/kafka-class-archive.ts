import { classArchiveFlags } from './class-archive.ts';
import type { Java } from './java.ts';
import { startCluster } from './kafka-cluster.ts';
import { kafkaOnJava } from './kafka-on-java.ts';

/** {@link classArchiveFlags} of a broker. */
export async function kafkaClassArchive(java: Java, kafka: string): Promise<string[]> {
  return await classArchiveFlags(java, kafka, async (archiveFlags) => {
    const cluster = await startCluster(await kafkaOnJava({ java, kafka, archiveFlags, brokers: 1, settings: {} }));
    return { pid: cluster.nodes[0]?.pid, stop: () => cluster.stop() };
  });
}
