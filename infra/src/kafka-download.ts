import { readdirSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, cacheFolder } from './cache-folder.ts';
import { InfraError } from './infra-error.ts';
import type { Java } from './java.ts';
import { kafkaUuid } from './kafka-ids.ts';
import { brokerSettings, KAFKA_VERSION, propertiesFile } from './kafka-settings.ts';
import { downloadByMaven } from './maven.ts';
import { runToEnd } from './run-to-end.ts';
import { lastLines } from './server-process.ts';

const COORDINATES: readonly (readonly [group: string, artifact: string, version: string])[] = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  // Kafka logs through slf4j and its jars bring no binding: without this one it runs silently.
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3'],
];

const FORMAT_WITHIN_MS = 60_000;

/** Where the jars of this version are kept, and what was made of them once. */
export function kafkaFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), `kafka-${KAFKA_VERSION}`);
}

/** The class path of the downloaded Kafka. In a fixed order, because an archive of classes belongs to one exact path. */
export function kafkaClassPath(folder: string): string {
  const libs = join(folder, 'libs');
  return readdirSync(libs)
    .sort()
    .map((jar) => join(libs, jar))
    .join(':');
}

/**
 * Resolves with {@link kafkaFolder} once it holds `libs/` (46 jars, 43 MB, by Maven, which takes its mirrors and proxies
 * from the user's settings) and `bootstrap.checkpoint`, the file with which a new node's data folder begins.
 * Kafka's StorageTool writes that file once, here; it is the same for all nodes of all clusters, so that later clusters
 * need no JVM (1 s a node) to be formatted. Safe to call from several processes at once.
 *
 * @throws {@link InfraError} `LF_INFRA_DOWNLOAD_FAILED` with the last lines of Maven's output.
 */
export async function kafkaJars(java: Java, maven: string | undefined): Promise<string> {
  return await buildOnce(kafkaFolder(), async (work) => {
    const built = join(work, 'kafka');
    await mkdir(join(built, 'libs'), { recursive: true });
    await download(maven, work, join(built, 'libs'));
    await rename(await format(java, built, work), join(built, 'bootstrap.checkpoint'));
    return built;
  });
}

async function download(maven: string | undefined, work: string, libs: string): Promise<void> {
  const pom = join(work, 'pom.xml');
  writeFileSync(pom, pomFile());
  await downloadByMaven({
    maven,
    work,
    goal: 'copy-dependencies',
    args: [`--file=${pom}`, `-DoutputDirectory=${libs}`, '-DincludeScope=runtime'],
    proof: join(libs, `kafka_2.13-${KAFKA_VERSION}.jar`),
    what: `Kafka ${KAFKA_VERSION}`,
    instead: 'set LEFTFOLD_KAFKA_BROKERS',
  });
}

function pomFile(): string {
  const dependencies = COORDINATES.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return [
    '<project>',
    '<modelVersion>4.0.0</modelVersion><groupId>leftfold</groupId><artifactId>kafka</artifactId><version>1</version>',
    `<packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>`,
  ].join('\n');
}

async function format(java: Java, built: string, work: string): Promise<string> {
  const data = join(work, 'data');
  const properties = join(work, 'server.properties');
  const settings = {
    ...brokerSettings(1),
    'node.id': '1',
    'log.dirs': data,
    listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
    'controller.quorum.voters': '1@127.0.0.1:9093',
  };
  writeFileSync(properties, propertiesFile(settings));
  const logFile = join(work, 'format.log');
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', kafkaUuid(), '--config', properties];
  const end = await runToEnd({
    command: java.command,
    args: ['-XX:TieredStopAtLevel=1', '-cp', kafkaClassPath(built), ...tool],
    logFile,
    withinMs: FORMAT_WITHIN_MS,
  });
  if (end?.ok === true) return join(data, 'bootstrap.checkpoint');
  throw new InfraError(
    'LF_INFRA_DOWNLOAD_FAILED',
    `the downloaded Kafka cannot format a data folder with ${java.command}; try another Java ≥ 17 (JAVA_HOME). Its last lines:\n${lastLines(logFile)}`,
  );
}
