import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildOnce } from './cache-folder.ts';
import type { Java } from './java.ts';
import { startCluster } from './kafka-cluster.ts';
import { kafkaOnJava } from './kafka-on-java.ts';
import { isRunning } from './process-group.ts';
import { until } from './until.ts';

const WRITTEN_WITHIN_MS = 60_000;

/**
 * Resolves with JVM flags that halve the boot of a broker: they map an archive of its loaded classes (50 MB), which is
 * made here once for this Kafka and this Java by running a broker and ending it. Without flags, and so without the
 * gain, when this Java cannot make one. Safe to call from several processes at once.
 */
export async function classArchiveFlags(java: Java, kafka: string): Promise<string[]> {
  const build = createHash('sha256').update(java.command).update(java.description).digest('hex').slice(0, 12);
  const archive = join(kafka, `classes-${build}.jsa`);
  try {
    await buildOnce(archive, (work) => dumpArchive(java, kafka, join(work, 'classes.jsa')));
  } catch {
    return [];
  }
  return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'];
}

async function dumpArchive(java: Java, kafka: string, path: string): Promise<string> {
  const archiveFlags = [`-XX:ArchiveClassesAtExit=${path}`];
  const cluster = await startCluster(await kafkaOnJava({ java, kafka, archiveFlags, brokers: 1, settings: {} }));
  try {
    const pid = cluster.nodes[0]?.pid;
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM');
      await until(() => (isRunning(pid) ? undefined : true), { withinMs: WRITTEN_WITHIN_MS });
    }
  } finally {
    await cluster.stop();
  }
  if (!existsSync(path)) throw new Error(`${java.command} wrote no archive of classes`);
  return path;
}
