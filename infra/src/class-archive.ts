import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildOnce } from './cache-folder.ts';
import type { Java } from './java.ts';
import { isRunning } from './process-group.ts';
import { until } from './until.ts';

const WRITTEN_WITHIN_MS = 60_000;

/** A server that was booted to see which classes it loads. */
export interface BootedServer {
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/**
 * Resolves with JVM flags that halve the boot of a server in Java: they map an archive of its loaded classes (50 MB), which is made in `folder` once for this
 * server and this Java by booting one with the flags given to `boot` and ending it. Without flags, and so without the gain, when this Java cannot make one.
 * Safe to call from several processes at once.
 */
export async function classArchiveFlags(
  java: Java,
  folder: string,
  boot: (archiveFlags: readonly string[]) => Promise<BootedServer>,
): Promise<string[]> {
  const build = createHash('sha256').update(java.command).update(java.description).digest('hex').slice(0, 12);
  const archive = join(folder, `classes-${build}.jsa`);
  try {
    await buildOnce(archive, (work) => dumpArchive(java, join(work, 'classes.jsa'), boot));
  } catch {
    return [];
  }
  return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'];
}

async function dumpArchive(
  java: Java,
  path: string,
  boot: (archiveFlags: readonly string[]) => Promise<BootedServer>,
): Promise<string> {
  const server = await boot([`-XX:ArchiveClassesAtExit=${path}`]);
  const { pid } = server;
  try {
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM');
      await until(() => (isRunning(pid) ? undefined : true), { withinMs: WRITTEN_WITHIN_MS });
    }
  } finally {
    await server.stop();
  }
  if (!existsSync(path)) throw new Error(`${java.command} wrote no archive of classes`);
  return path;
}
