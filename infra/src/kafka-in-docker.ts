import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import { InfraError } from './infra-error.ts';
import type { KafkaHost, KafkaNode } from './kafka-cluster.ts';
import { kafkaUuid } from './kafka-ids.ts';
import { brokerSettings, imageVariables, KAFKA_VERSION, type BrokerCount } from './kafka-settings.ts';
import { watch } from './watchdog.ts';

/** The image of the Apache project. */
export const KAFKA_IMAGE: string = `apache/kafka:${KAFKA_VERSION}`;

/**
 * Lays out a new cluster of containers on a network of its own; starts none of them. Containers keep their data from
 * `kill` to `start` and are removed with them at the end.
 */
export async function kafkaInDocker(
  brokers: BrokerCount,
  settings: Readonly<Record<string, string>>,
  proxied?: readonly number[],
): Promise<KafkaHost> {
  const ids = brokers === 3 ? [1, 2, 3] : [1];
  const ports = await freePorts(ids.length * (proxied === undefined ? 1 : 2));
  const cluster = `leftfold-kafka-${randomBytes(4).toString('hex')}`;
  const clusterId = kafkaUuid();
  const container = (id: number): string => `${cluster}-${id}`;
  const nodes = ids.map((id): KafkaNode => ({
    id,
    port: ports[id - 1] ?? 0,
    behindProxy: ports[ids.length + id - 1],
    pid: undefined,
  }));
  const created = new Set<number>();
  const undo: (() => Promise<void>)[] = [];
  const later = (...args: string[]): void => {
    const release = watch({ kind: 'command', argv: ['docker', ...args] });
    undo.push(async () => {
      await docker(...args);
      release();
    });
  };

  later('network', 'rm', cluster);
  await docker('network', 'create', cluster);
  return {
    origin: 'docker',
    clusterId,
    nodes,
    proxied,
    dataDir: undefined,
    async start(id) {
      if (created.has(id)) {
        await docker('start', container(id));
        return;
      }
      created.add(id);
      later('rm', '--force', '--volumes', container(id));
      const node = nodes.find((each) => each.id === id);
      const all = {
        ...brokerSettings(brokers),
        ...addresses(cluster, ids, id, node?.port ?? 0, proxied?.[id - 1]),
        ...settings,
      };
      const published = { 9092: node?.port, 9095: node?.behindProxy };
      await docker(...runArguments(cluster, container(id), published, clusterId, all));
    },
    async kill(id) {
      if ((await state(container(id))) === 'running') await docker('kill', container(id));
    },
    async failure(id) {
      const now = await state(container(id));
      if (now === 'running' || now === 'created') return undefined;
      const log = await tail(container(id));
      return new InfraError(
        'LF_INFRA_NOT_READY',
        `Kafka node ${id} is ${now}; the last lines of its log say why:\n${log}`,
      );
    },
    log: (id) => tail(container(id)),
    async discard() {
      // Containers before their network. What fails here is tried again by the watchdog when this process ends.
      for (const step of undo.splice(0).toReversed()) await step().catch(() => undefined);
    },
  };
}

/** Clients come through the published port; brokers and controllers talk by name on the cluster's own network. */
function addresses(
  cluster: string,
  ids: readonly number[],
  id: number,
  port: number,
  proxied: number | undefined,
): Record<string, string> {
  const [listener, advertised] = proxied === undefined ? ['', ''] : [',PROXY://:9095', `,PROXY://127.0.0.1:${proxied}`];
  return {
    'node.id': String(id),
    'log.dirs': '/var/lib/kafka/data',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXY:PLAINTEXT',
    listeners: `PLAINTEXT://:9092,INTERNAL://:9093,CONTROLLER://:9094${listener}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},INTERNAL://${cluster}-${id}:9093${advertised}`,
    'inter.broker.listener.name': 'INTERNAL',
    'controller.quorum.voters': ids.map((each) => `${each}@${cluster}-${each}:9094`).join(','),
  };
}

/** The arguments of `docker run` for one node. */
export function runArguments(
  network: string,
  container: string,
  published: Readonly<Record<number, number | undefined>>,
  clusterId: string,
  settings: Readonly<Record<string, string>>,
): string[] {
  const variables = { ...imageVariables(settings), CLUSTER_ID: clusterId };
  const environment = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const names = [`--name=${container}`, `--hostname=${container}`, `--network=${network}`];
  const ports = Object.entries(published).filter(([, port]) => port !== undefined);
  const publish = ports.map(([inside, port]) => `--publish=127.0.0.1:${port}:${inside}`);
  return ['run', '--detach', ...names, ...publish, ...environment, KAFKA_IMAGE];
}

async function docker(...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)('docker', args, { maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (/port is already allocated|address already in use/i.test(text)) {
      throw new InfraError(
        'LF_INFRA_PORT_TAKEN',
        `Docker cannot publish a port that another program holds; end it:\n${text}`,
      );
    }
    throw new InfraError(
      args[0] === 'run' ? 'LF_INFRA_DOWNLOAD_FAILED' : 'LF_INFRA_NOT_READY',
      `docker ${args[0]} failed; see that "docker run --rm hello-world" works and that ${KAFKA_IMAGE} can be pulled, or set LEFTFOLD_KAFKA_FROM=java:\n${text}`,
      { cause },
    );
  }
}

async function state(container: string): Promise<string> {
  return await docker('inspect', '--format', '{{.State.Status}}', container).then((text) => text.trim());
}

async function tail(container: string): Promise<string> {
  return await docker('logs', '--tail', '15', container).catch(() => '');
}
