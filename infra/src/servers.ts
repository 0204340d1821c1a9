/**
 * The command `npm run servers [-- --brokers 3] [-- --no-kafka]`: starts Postgres, Kafka and a schema registry, prints to standard output
 * the environment variables to export and to standard error what runs where, and stops all of it on Ctrl-C or SIGTERM.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { InfraError } from './infra-error.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { findKafka } from './kafka-origin.ts';
import { KAFKA_VERSION, type BrokerCount } from './kafka-settings.ts';
import { REGISTRY_VERSION } from './registry-download.ts';
import { findRegistry } from './registry-origin.ts';
import type { RegistryServer } from './registry-server.ts';
import { startKafka } from './start-kafka.ts';
import { startPostgres } from './start-postgres.ts';
import { startRegistry } from './start-registry.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

// Until everything runs there is nothing to end in order: the watchdog clears away what was started.
const exitNow = (): never => process.exit(130);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, exitNow);

try {
  await main();
} catch (error) {
  if (!(error instanceof InfraError)) throw error;
  say(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const flags = readFlags();
  const began = performance.now();
  const [postgres, kafka, registry] = await Promise.all([
    startPostgres(),
    flags.kafka ? kafkaIfAny(flags.brokers) : undefined,
    flags.kafka ? registryIfAny() : undefined,
  ]);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);

  process.stdout.write(`DATABASE_URL=${postgres.url}\n`);
  if (kafka !== undefined) process.stdout.write(`KAFKA_BROKERS=${kafka.brokers.join(',')}\n`);
  if (registry !== undefined) process.stdout.write(`SCHEMA_REGISTRY=${registry.url}\n`);
  say(`Postgres answers on port ${postgres.port}${where(postgres.pid, postgres.dataDir)}`);
  for (const node of kafka?.nodes ?? []) {
    say(`Kafka node ${node.id} answers on port ${node.port}${where(node.pid, kafka?.dataDir)}`);
  }
  if (registry?.origin === 'java') {
    say(`The schema registry answers on port ${new URL(registry.url).port}${where(registry.pid, registry.dataDir)}`);
  }
  say(`Ready after ${seconds} s. Ctrl-C stops the servers and deletes their data.`);

  await untilToldToStop();
  say('Stopping …');
  await Promise.all([postgres.stop(), kafka?.stop(), registry?.stop()]);
}

async function kafkaIfAny(brokers: BrokerCount): Promise<KafkaCluster | undefined> {
  const origin = await findKafka();
  if (origin.kind === 'none') {
    say(`WITHOUT KAFKA: ${origin.reason}. To have it: ${origin.remedy}.`);
    return undefined;
  }
  if (origin.kind !== 'given') say(`Starting Kafka ${KAFKA_VERSION}; the first time on a machine it is downloaded …`);
  return await startKafka({ brokers });
}

async function registryIfAny(): Promise<RegistryServer | undefined> {
  const origin = await findRegistry();
  if (origin.kind === 'none') {
    say(`WITHOUT A SCHEMA REGISTRY: ${origin.reason}. To have it: ${origin.remedy}.`);
    return undefined;
  }
  if (origin.kind === 'java') say(`Starting Apicurio Registry ${REGISTRY_VERSION}; the first time it is downloaded …`);
  return await startRegistry();
}

function readFlags(): { readonly brokers: BrokerCount; readonly kafka: boolean } {
  const usage = 'use --brokers 1 or --brokers 3, and --no-kafka for Postgres alone';
  try {
    const { values } = parseArgs({
      options: { brokers: { type: 'string', default: '1' }, kafka: { type: 'boolean', default: true } },
      allowNegative: true,
    });
    if (values.brokers === '1' || values.brokers === '3')
      return { brokers: values.brokers === '1' ? 1 : 3, kafka: values.kafka };
  } catch (cause) {
    throw new InfraError('LF_INFRA_BAD_SETTING', `${(cause as Error).message}; ${usage}`, { cause });
  }
  throw new InfraError('LF_INFRA_BAD_SETTING', `a cluster has 1 or 3 brokers; ${usage}`);
}

function where(pid: number | undefined, dataDir: string | undefined): string {
  return (pid === undefined ? '' : `, process ${pid}`) + (dataDir === undefined ? '' : `, data in ${dataDir}`);
}

async function untilToldToStop(): Promise<void> {
  // The servers do not keep this process alive, a timer does.
  const alive = setInterval(() => undefined, 1 << 30);
  const told = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    process.off(signal, exitNow);
    return once(process, signal);
  });
  await Promise.race(told);
  clearInterval(alive);
}
