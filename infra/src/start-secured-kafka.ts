import type { CertificateAuthority } from './certificates.ts';
import { InfraError } from './infra-error.ts';
import { kafkaClassArchive } from './kafka-class-archive.ts';
import { startCluster, type KafkaCluster } from './kafka-cluster.ts';
import { kafkaJars } from './kafka-download.ts';
import { kafkaOnJava } from './kafka-on-java.ts';
import { findKafka } from './kafka-origin.ts';
import { makeSecurity } from './kafka-security.ts';
import type { BrokerCount } from './kafka-settings.ts';
import { onFreePorts } from './on-free-ports.ts';
import { setScramPassword } from './scram-users.ts';

/** What may be asked of {@link startSecuredKafka}. */
export interface SecuredKafkaOptions {
  readonly brokers: BrokerCount;
  /** Users and their passwords, for PLAIN as well as SCRAM-SHA-512. What one may do is given by ACLs: without any it may do nothing. */
  readonly users: Readonly<Record<string, string>>;
  /** Broker settings on top, by their names in `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A cluster with TLS, users and an authorizer. Whoever comes by {@link KafkaCluster.brokers}, unproven, may do everything. */
export interface SecuredKafkaCluster extends KafkaCluster {
  readonly secured: {
    /** TLS, then a user by SCRAM-SHA-512 or PLAIN. */
    readonly brokers: readonly string[];
    /** TLS with a certificate of the client's, of {@link authority}; its user is `CN=<name>`. */
    readonly mutual: readonly string[];
    /** TLS by a certificate that has expired. */
    readonly expired: readonly string[];
    /** Signed the certificates of the brokers, and signs those of clients. */
    readonly authority: CertificateAuthority;
    /** Another password of a user for SCRAM-SHA-512; it counts a moment later. */
    setPassword(user: string, password: string): Promise<void>;
  };
}

/**
 * Like `startKafka` with `own: true`, with secured listeners beside the plain one; always on Java, since no container would publish them.
 *
 * @throws {@link InfraError} like `startKafka`.
 */
export async function startSecuredKafka(options: SecuredKafkaOptions): Promise<SecuredKafkaCluster> {
  const { brokers, users, settings = {} } = options;
  const origin = await findKafka({ own: true, env: { ...process.env, LEFTFOLD_KAFKA_FROM: 'java' } });
  if (origin.kind === 'none') throw new InfraError(origin.code, `${origin.reason}; ${origin.remedy}`);
  if (origin.kind !== 'java') throw new InfraError('LF_INFRA_NO_JAVA', 'a secured Kafka runs on Java; install Java 17');
  const { java, maven } = origin;
  const kafka = await kafkaJars(java, maven);
  const archiveFlags = await kafkaClassArchive(java, kafka);
  const security = makeSecurity(users);
  return await onFreePorts(async () => {
    const host = await kafkaOnJava({ java, kafka, archiveFlags, brokers, settings, security });
    const cluster = await startCluster(host);
    const setPassword = (user: string, password: string): Promise<void> =>
      setScramPassword(cluster.brokers[0] ?? '', user, password);
    try {
      for (const [user, password] of Object.entries(users)) await setPassword(user, password);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    const addresses = (listener: number): string[] =>
      (host.secured ?? []).map((ports) => `localhost:${ports[listener]}`);
    return {
      ...cluster,
      secured: {
        brokers: addresses(0),
        mutual: addresses(1),
        expired: addresses(2),
        authority: security.authority,
        setPassword,
      },
    };
  });
}
