/** The version that is started, from Maven's jars and from the image alike. */
export const KAFKA_VERSION = '4.1.1';

/** How many brokers a cluster has: one, or three with every topic on all of them. */
export type BrokerCount = 1 | 3;

/**
 * The settings of a broker apart from its addresses and folder. Topics exist only when created, what is acknowledged is
 * on two of three brokers, and a dead broker is noticed within 2 s instead of 9, so that tests of failures are short.
 */
export function brokerSettings(count: BrokerCount): Record<string, string> {
  const copies = String(count);
  const inSync = count === 3 ? '2' : '1';
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '200',
    'broker.session.timeout.ms': '1500',
    'replica.lag.time.max.ms': '2000',
    'replica.fetch.wait.max.ms': '100',
    'controller.quorum.election.timeout.ms': '300',
    'controller.quorum.fetch.timeout.ms': '1000',
    'controller.quorum.election.backoff.max.ms': '300',
    // Leaders move when a test moves them, not on their own some minutes after a restart.
    'auto.leader.rebalance.enable': 'false',
    // Small and quick: several clusters share one machine.
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '2097152',
    'log.retention.check.interval.ms': '1000',
    'log.segment.delete.delay.ms': '500',
  };
}

/** The text of a `server.properties`. */
export function propertiesFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** The same settings as environment variables of the image apache/kafka: `a.b` is `KAFKA_A_B`, `_` is `__`, `-` is `___`. */
export function imageVariables(settings: Readonly<Record<string, string>>): Record<string, string> {
  const variable = (name: string): string =>
    `KAFKA_${name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`;
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [variable(name), value]));
}
