import { InfraError } from './infra-error.ts';
import { askMetadata } from './kafka-metadata.ts';
import { until } from './until.ts';

/** One broker of a cluster that was started here. */
export interface KafkaNode {
  /** 1, 2 or 3. */
  readonly id: number;
  readonly port: number;
  /** The port that a proxy in front of this node connects to; `undefined` when none was asked for. */
  readonly behindProxy?: number | undefined;
  /** For signals of your own, such as SIGSTOP; `undefined` while it does not run, and in Docker. */
  readonly pid: number | undefined;
}

/** A Kafka to work with: started here, or given by `LEFTFOLD_KAFKA_BROKERS`. */
export interface KafkaCluster {
  readonly origin: 'given' | 'docker' | 'java';
  /** Addresses to start from, `host:port`. */
  readonly brokers: readonly string[];
  /** Addresses of the proxies in front of the nodes; empty when none were asked for. */
  readonly proxied: readonly string[];
  /** Empty for given brokers. */
  readonly nodes: readonly KafkaNode[];
  /** Where its data lie; `undefined` for given brokers and in Docker. */
  readonly dataDir: string | undefined;
  /**
   * Ends one node at once (`kill -9`) and resolves when its process is gone. Of three nodes never kill two: each is a
   * controller too, and two of three must agree on everything.
   *
   * @throws {@link InfraError} `LF_INFRA_NOT_OURS` for given brokers and for ids that are not in {@link nodes}.
   */
  kill(id: number): Promise<void>;
  /**
   * Starts a killed node again on its port and data; nothing happens when it runs. Resolves when it is registered and
   * answers, which may take seconds: the controller waits until the killed one's session is over. Its partitions are
   * in sync some time later.
   *
   * @throws {@link InfraError} `LF_INFRA_NOT_READY` · `LF_INFRA_PORT_TAKEN` · `LF_INFRA_NOT_OURS` · `LF_INFRA_STOPPED`.
   */
  startNode(id: number): Promise<void>;
  /** Ends all nodes and deletes their data; does nothing to given brokers. Idempotent. */
  stop(): Promise<void>;
}

/** The nodes of one cluster where they run: the part that differs between Java and Docker. */
export interface KafkaHost {
  readonly origin: 'docker' | 'java';
  readonly clusterId: string;
  readonly nodes: readonly KafkaNode[];
  /** Ports of the proxies in front of the nodes. */
  readonly proxied?: readonly number[] | undefined;
  /** Of each node, the ports of its secured listeners. */
  readonly secured?: readonly (readonly number[])[] | undefined;
  readonly dataDir: string | undefined;
  start(id: number): Promise<void>;
  kill(id: number): Promise<void>;
  /** Why the node does not run; `undefined` while it does. */
  failure(id: number): Promise<InfraError | undefined>;
  /** The last lines of the node's log. */
  log(id: number): Promise<string>;
  /** Ends everything and deletes it. */
  discard(): Promise<void>;
}

const READY_WITHIN_MS = 90_000;

/** Starts all nodes and resolves when each of them sees all of them and a controller. On a failure nothing is left. */
export async function startCluster(host: KafkaHost): Promise<KafkaCluster> {
  const ids = host.nodes.map((node) => node.id);
  try {
    const starts = await Promise.allSettled(ids.map((id) => host.start(id)));
    // All of them, before anything is discarded: what is still starting then would come up afterwards and stay.
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    await Promise.all(ids.map((id) => untilItSees(host, id, ids)));
  } catch (error) {
    await host.discard();
    throw error;
  }
  let stopped = false;
  return {
    origin: host.origin,
    brokers: host.nodes.map((node) => address(node.port)),
    proxied: (host.proxied ?? []).map(address),
    nodes: host.nodes,
    dataDir: host.dataDir,
    kill: async (id) => await host.kill(nodeOf(host, id).id),
    async startNode(id) {
      if (stopped) {
        throw new InfraError('LF_INFRA_STOPPED', 'this Kafka was stopped and its data are deleted; start a new one');
      }
      nodeOf(host, id);
      if ((await host.failure(id)) !== undefined) await host.start(id);
      await untilItSees(host, id, [id]);
    },
    async stop() {
      stopped = true;
      await host.discard();
    },
  };
}

/** A cluster that somebody else runs, once one of its brokers has answered. */
export async function givenKafka(brokers: readonly string[]): Promise<KafkaCluster> {
  const views = await Promise.allSettled(brokers.map((broker) => askMetadata(broker)));
  if (!views.some((view) => view.status === 'fulfilled' && view.value.hasController)) {
    throw new InfraError(
      'LF_INFRA_NOT_READY',
      `none of the brokers of LEFTFOLD_KAFKA_BROKERS (${brokers.join(', ')}) answers; start them, or unset the variable to have one started`,
    );
  }
  const notOurs = (): Promise<never> =>
    Promise.reject(
      new InfraError(
        'LF_INFRA_NOT_OURS',
        'the brokers of LEFTFOLD_KAFKA_BROKERS are not killed or started from here; call startKafka with own: true',
      ),
    );
  return {
    origin: 'given',
    brokers,
    proxied: [],
    nodes: [],
    dataDir: undefined,
    kill: notOurs,
    startNode: notOurs,
    stop: () => Promise.resolve(),
  };
}

async function untilItSees(host: KafkaHost, id: number, ids: readonly number[]): Promise<void> {
  const node = nodeOf(host, id);
  const seen = await until(
    async () => {
      const failure = await host.failure(id);
      if (failure !== undefined) throw failure;
      const view = await askMetadata(address(node.port)).catch(() => undefined);
      // A cluster that is started at the same moment may have taken the port: its answer says nothing about ours.
      if (view?.clusterId !== host.clusterId || !view.hasController) return undefined;
      return ids.every((each) => view.brokerIds.includes(each)) || undefined;
    },
    { withinMs: READY_WITHIN_MS, everyMs: 50 },
  );
  if (seen === true) return;
  throw new InfraError(
    'LF_INFRA_NOT_READY',
    `Kafka node ${id} did not get ready within ${READY_WITHIN_MS / 1000} s; the last lines of its log say why:\n${await host.log(id)}`,
  );
}

function nodeOf(host: KafkaHost, id: number): KafkaNode {
  const found = host.nodes.find((node) => node.id === id);
  if (found !== undefined) return found;
  const ids = host.nodes.map((node) => node.id).join(', ');
  throw new InfraError('LF_INFRA_NOT_OURS', `there is no Kafka node ${id} in this cluster; its nodes are ${ids}`);
}

function address(port: number): string {
  return `127.0.0.1:${port}`;
}
