import { InfraError } from './infra-error.ts';
import { kafkaClassArchive } from './kafka-class-archive.ts';
import { givenKafka, startCluster, type KafkaCluster } from './kafka-cluster.ts';
import { kafkaJars } from './kafka-download.ts';
import { kafkaInDocker } from './kafka-in-docker.ts';
import { kafkaOnJava } from './kafka-on-java.ts';
import { findKafka } from './kafka-origin.ts';
import type { BrokerCount } from './kafka-settings.ts';
import { onFreePorts } from './on-free-ports.ts';

/** What may be asked of {@link startKafka}. */
export interface KafkaOptions {
  readonly brokers: BrokerCount;
  /** True: a new cluster also when brokers are given, because some will be killed. Default false. */
  readonly own?: boolean;
  /** Broker settings on top of `brokerSettings`, by their names in `server.properties`. Given brokers keep their own. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Ports of 127.0.0.1 where a proxy in front of each node listens, node 1 first. The nodes get one more listener each, `KafkaNode.behindProxy`, for the
   * proxy to connect to, and tell its clients the proxies' ports: who starts from {@link KafkaCluster.proxied} stays behind them. Not for given brokers.
   */
  readonly proxied?: readonly number[];
}

/**
 * Resolves with a Kafka whose every node has answered with all brokers registered and a controller: the one of
 * `LEFTFOLD_KAFKA_BROKERS` when set (with as many brokers as it has), else a new cluster on random loopback ports with
 * its own data. Several run side by side. The first start on a machine downloads Kafka (43 MB) and takes longer. When
 * this process ends, however it ends, the nodes end and their data are deleted; they do not keep this process alive.
 *
 * @throws {@link InfraError} the code of {@link findKafka} when there is no Kafka to be had (`LF_INFRA_NO_JAVA` …) ·
 *   `LF_INFRA_DOWNLOAD_FAILED` · `LF_INFRA_PORT_TAKEN` · `LF_INFRA_NOT_READY` with the last lines of the log ·
 *   `LF_INFRA_BAD_SETTING`.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaCluster> {
  const origin = await findKafka({ own: options.own ?? false });
  const settings = options.settings ?? {};
  switch (origin.kind) {
    case 'given':
      return await givenKafka(origin.brokers);
    case 'docker':
      return await onFreePorts(async () =>
        startCluster(await kafkaInDocker(options.brokers, settings, options.proxied)),
      );
    case 'java': {
      const { java } = origin;
      const kafka = await kafkaJars(java, origin.maven);
      const archiveFlags = await kafkaClassArchive(java, kafka);
      const parts = { java, kafka, archiveFlags, brokers: options.brokers, settings, proxied: options.proxied };
      return await onFreePorts(async () => startCluster(await kafkaOnJava(parts)));
    }
    case 'none':
      throw new InfraError(origin.code, `${origin.reason}; ${origin.remedy}`);
  }
}
