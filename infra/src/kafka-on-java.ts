import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDataFolder } from './data-folder.ts';
import { freePorts } from './free-ports.ts';
import { InfraError } from './infra-error.ts';
import type { Java } from './java.ts';
import type { KafkaHost, KafkaNode } from './kafka-cluster.ts';
import { kafkaClassPath } from './kafka-download.ts';
import { kafkaUuid } from './kafka-ids.ts';
import { SECURED_PORTS, type Security } from './kafka-security.ts';
import { brokerSettings, propertiesFile, type BrokerCount } from './kafka-settings.ts';
import { lastLines, startProcess, type ServerProcess } from './server-process.ts';

/** What a cluster on Java is made from. */
export interface JavaClusterParts {
  readonly java: Java;
  /** `kafkaFolder()`, complete. */
  readonly kafka: string;
  /** Flags of the JVM beside {@link JVM_FLAGS}, about the archive of classes. */
  readonly archiveFlags: readonly string[];
  readonly brokers: BrokerCount;
  readonly settings: Readonly<Record<string, string>>;
  /** Ports of proxies in front of the nodes. */
  readonly proxied?: readonly number[] | undefined;
  /** Gives the nodes their secured listeners. */
  readonly security?: Security | undefined;
}

/** Quick to boot and small: 165 to 210 MB a broker. The heap is far more than tests need and far less than the default. */
const JVM_FLAGS: readonly string[] = ['-Xms256m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const LOG_CONFIGURATION = `<Configuration status="ERROR">
  <Appenders><Console name="out"><PatternLayout pattern="%d{HH:mm:ss.SSS} %-5p %c{1} %m%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
`;

/** Lays out a new cluster of JVMs, each broker and controller in one, on free ports; starts none of them. */
export async function kafkaOnJava(parts: JavaClusterParts): Promise<KafkaHost> {
  const ids = parts.brokers === 3 ? [1, 2, 3] : [1];
  const secured = parts.security === undefined ? 0 : SECURED_PORTS;
  // All at once: ports asked for one after the other may be the same.
  const portsEach = 2 + secured + (parts.proxied === undefined ? 0 : 1);
  const ports = await freePorts(ids.length * portsEach);
  const portOf = (id: number, which: number): number => ports[(id - 1) * portsEach + which] ?? 0;
  const port = (id: number): number => portOf(id, 0);
  const controllerPort = (id: number): number => portOf(id, 1);
  const securedPortsOf = (id: number): number[] => Array.from({ length: secured }, (_, i) => portOf(id, 2 + i));
  const portBehindProxy = (id: number): number | undefined =>
    parts.proxied === undefined ? undefined : portOf(id, 2 + secured);

  const folder = makeDataFolder('leftfold-kafka-');
  const file = (name: string): string => join(folder.path, name);
  const logFile = (id: number): string => file(`node-${id}.log`);
  const clusterId = kafkaUuid();
  writeFileSync(file('log4j2.xml'), LOG_CONFIGURATION);
  for (const id of ids) {
    const data = file(`node-${id}`);
    mkdirSync(data);
    // What StorageTool would write, without a JVM: the first is the same for all nodes, the second names this one.
    copyFileSync(join(parts.kafka, 'bootstrap.checkpoint'), join(data, 'bootstrap.checkpoint'));
    const identity = { version: '1', 'cluster.id': clusterId, 'node.id': String(id), 'directory.id': kafkaUuid() };
    writeFileSync(join(data, 'meta.properties'), propertiesFile(identity));
    const behindProxy = portBehindProxy(id);
    const throughProxy = parts.proxied?.[id - 1];
    const settings = {
      ...brokerSettings(parts.brokers),
      'node.id': String(id),
      'log.dirs': data,
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXY:PLAINTEXT',
      listeners: `PLAINTEXT://127.0.0.1:${port(id)},CONTROLLER://127.0.0.1:${controllerPort(id)}${proxyListener(behindProxy)}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port(id)}${proxyListener(throughProxy)}`,
      'inter.broker.listener.name': 'PLAINTEXT',
      'controller.quorum.voters': ids.map((each) => `${each}@127.0.0.1:${controllerPort(each)}`).join(','),
      ...parts.settings,
    };
    const all = parts.security?.settings(settings, securedPortsOf(id)) ?? settings;
    writeFileSync(file(`node-${id}.properties`), propertiesFile(all));
  }

  const processes = new Map<number, ServerProcess>();
  const nodes = ids.map((id): KafkaNode => ({
    id,
    port: port(id),
    behindProxy: portBehindProxy(id),
    get pid() {
      const process = processes.get(id);
      return process?.end === undefined ? process?.pid : undefined;
    },
  }));
  return {
    origin: 'java',
    clusterId,
    nodes,
    proxied: parts.proxied,
    secured: parts.security && ids.map(securedPortsOf),
    dataDir: folder.path,
    start(id) {
      // A failure is told by the lines of this start, not of an earlier one.
      writeFileSync(logFile(id), '');
      const logging = `-Dlog4j2.configurationFile=${file('log4j2.xml')}`;
      const main = ['-cp', kafkaClassPath(parts.kafka), 'kafka.Kafka', file(`node-${id}.properties`)];
      const process = startProcess({
        command: parts.java.command,
        args: [...JVM_FLAGS, ...parts.archiveFlags, logging, ...main],
        logFile: logFile(id),
        stopSignal: 'SIGKILL',
        cwd: folder.path,
      });
      processes.set(id, process);
      return Promise.resolve();
    },
    async kill(id) {
      await processes.get(id)?.stop('SIGKILL');
    },
    failure: (id) => Promise.resolve(whyEnded(id, port(id), processes.get(id), logFile(id))),
    log: (id) => Promise.resolve(lastLines(logFile(id))),
    async discard() {
      await Promise.all([...processes.values()].map((process) => process.stop('SIGKILL')));
      await folder.remove();
    },
  };
}

/** A client is told the address of the listener that it came by: one that came through a proxy is sent through proxies. */
function proxyListener(port: number | undefined): string {
  return port === undefined ? '' : `,PROXY://127.0.0.1:${port}`;
}

function whyEnded(
  id: number,
  port: number,
  process: ServerProcess | undefined,
  logFile: string,
): InfraError | undefined {
  if (process !== undefined && process.end === undefined) return undefined;
  if (/BindException|Address already in use/.test(lastLines(logFile, 200))) {
    return new InfraError(
      'LF_INFRA_PORT_TAKEN',
      `another program listens on port ${port} of 127.0.0.1, or on the controller's, where Kafka node ${id} should; end it, or start a new cluster`,
    );
  }
  return new InfraError(
    'LF_INFRA_NOT_READY',
    `Kafka node ${id} ended with ${process?.end?.reason ?? 'no start'}; the last lines of its log say why:\n${lastLines(logFile)}`,
  );
}
