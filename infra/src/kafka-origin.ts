import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { InfraError } from './infra-error.ts';
import { javaWithMaven, type JavaOrigin, type NoOrigin } from './java-with-maven.ts';
import { onPath } from './java.ts';
import { kafkaFolder } from './kafka-download.ts';

/** Where Kafka can come from on this machine. */
export type KafkaOrigin =
  /** Brokers that somebody else runs: `LEFTFOLD_KAFKA_BROKERS`. */
  | { readonly kind: 'given'; readonly brokers: readonly string[] }
  /** A Docker engine that answers. */
  | { readonly kind: 'docker' }
  /** Java ≥ 17 with Maven, or with the jars of an earlier download. */
  | JavaOrigin
  /** Nowhere: one sentence why, and one what to do. */
  | NoOrigin;

/** What may be asked of {@link findKafka}. */
export interface FindKafkaOptions {
  /** True: not the given brokers, because some will be killed. Default false. */
  readonly own?: boolean;
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

const REMEDY =
  'install Java 17 or newer with Maven, or start Docker, or set LEFTFOLD_KAFKA_BROKERS=host:port to brokers that run';

/**
 * Looks, without starting or downloading anything, where Kafka comes from: the brokers of `LEFTFOLD_KAFKA_BROKERS`
 * (`host:port`, separated by commas), else Docker, else Java, else nowhere. `LEFTFOLD_KAFKA_FROM` (`docker`, `java` or
 * `none`) says where one comes from when no brokers are given.
 *
 * @throws {@link InfraError} `LF_INFRA_BAD_SETTING` when one of the two variables cannot be read.
 */
export async function findKafka(options: FindKafkaOptions = {}): Promise<KafkaOrigin> {
  const env = options.env ?? process.env;
  const only = wanted(env);
  const given = env['LEFTFOLD_KAFKA_BROKERS'];
  if (given !== undefined && given !== '' && options.own !== true) return { kind: 'given', brokers: brokerList(given) };
  if (only === 'none') {
    const reason = 'Kafka is switched off by LEFTFOLD_KAFKA_FROM=none';
    return { kind: 'none', code: 'LF_INFRA_KAFKA_OFF', reason, remedy: 'unset LEFTFOLD_KAFKA_FROM' };
  }
  if (only !== 'java' && (await dockerAnswers(env))) return { kind: 'docker' };
  if (only === 'docker') {
    const reason = 'LEFTFOLD_KAFKA_FROM=docker, but no Docker engine answers';
    return { kind: 'none', code: 'LF_INFRA_KAFKA_OFF', reason, remedy: 'start Docker, or unset LEFTFOLD_KAFKA_FROM' };
  }
  const why = only === 'java' ? 'LEFTFOLD_KAFKA_FROM is java' : 'no Docker engine answers';
  const missing = `there is no Kafka: ${why} and `;
  return await javaWithMaven({ missing, name: 'Kafka 4', folder: kafkaFolder(env), remedy: REMEDY }, env);
}

function wanted(env: NodeJS.ProcessEnv): 'docker' | 'java' | 'none' | undefined {
  const value = env['LEFTFOLD_KAFKA_FROM'];
  if (value === undefined || value === '') return undefined;
  if (value === 'docker' || value === 'java' || value === 'none') return value;
  throw new InfraError(
    'LF_INFRA_BAD_SETTING',
    `LEFTFOLD_KAFKA_FROM is ${JSON.stringify(value)}; it should be docker, java or none`,
  );
}

function brokerList(value: string): string[] {
  const brokers = value.split(',').map((broker) => broker.trim());
  const wrong = brokers.find((broker) => !/^[^\s:]+:\d+$/.test(broker));
  if (wrong === undefined) return brokers;
  throw new InfraError(
    'LF_INFRA_BAD_SETTING',
    `LEFTFOLD_KAFKA_BROKERS holds ${JSON.stringify(wrong)}; it should read host:port,host:port`,
  );
}

async function dockerAnswers(env: NodeJS.ProcessEnv): Promise<boolean> {
  const docker = onPath('docker', env);
  if (docker === undefined) return false;
  try {
    // The client alone exits with 0 in some versions: only an engine has a server version.
    const { stdout } = await promisify(execFile)(docker, ['info', '--format', '{{.ServerVersion}}'], {
      timeout: 3_000,
      env,
    });
    return stdout.trim() !== '';
  } catch {
    return false;
  }
}
