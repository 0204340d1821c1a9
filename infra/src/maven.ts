import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InfraError } from './infra-error.ts';
import { runToEnd } from './run-to-end.ts';
import { lastLines } from './server-process.ts';

const DOWNLOAD_WITHIN_MS = 15 * 60_000;

/** A download by Maven's dependency plugin. */
export interface MavenDownload {
  /** The program; `undefined`: `mvn` on the path. */
  readonly maven: string | undefined;
  /** An empty folder, deleted afterwards by the caller. */
  readonly work: string;
  /** Goal of the plugin, and its arguments. */
  readonly goal: 'copy-dependencies' | 'unpack';
  readonly args: readonly string[];
  /** What is there only when all of it came. */
  readonly proof: string;
  /** For messages: what is downloaded, and what makes the download needless. */
  readonly what: string;
  readonly instead: string;
}

/**
 * Resolves once `proof` is there. Maven takes its mirrors and proxies from the user's settings.
 *
 * @throws {@link InfraError} `LF_INFRA_DOWNLOAD_FAILED` with the last lines of Maven's output.
 */
export async function downloadByMaven(download: MavenDownload): Promise<void> {
  const logFile = join(download.work, 'maven.log');
  const end = await runToEnd({
    command: download.maven ?? 'mvn',
    args: [
      '--batch-mode',
      '--no-transfer-progress',
      // A repository of our own: Maven processes that share one at the same time can damage it.
      `-Dmaven.repo.local=${join(download.work, 'repository')}`,
      `org.apache.maven.plugins:maven-dependency-plugin:3.8.1:${download.goal}`,
      ...download.args,
    ],
    // Not among somebody's project files.
    cwd: download.work,
    logFile,
    withinMs: DOWNLOAD_WITHIN_MS,
  });
  if (end?.ok === true && existsSync(download.proof)) return;
  const how =
    end === undefined ? `did not finish within ${DOWNLOAD_WITHIN_MS / 60_000} minutes` : `ended with ${end.reason}`;
  throw new InfraError(
    'LF_INFRA_DOWNLOAD_FAILED',
    `Maven could not download ${download.what}: it ${how}. Check the network and the mirrors in ~/.m2/settings.xml, or ${download.instead}. Its last lines:\n${lastLines(logFile)}`,
  );
}
