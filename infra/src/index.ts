export { startPostgres, type PostgresOptions } from './start-postgres.ts';
export { createDatabase } from './postgres-database.ts';
export { findPostgres } from './find-postgres.ts';
export { findPgBouncer, startPgBouncer, type PgBouncer } from './start-pgbouncer.ts';
export type { PostgresServer } from './postgres-server.ts';
export { startKafka, type KafkaOptions } from './start-kafka.ts';
export type { KafkaCluster, KafkaNode } from './kafka-cluster.ts';
export { startSecuredKafka, type SecuredKafkaCluster, type SecuredKafkaOptions } from './start-secured-kafka.ts';
export {
  certificateAuthority,
  type CertificateAuthority,
  type CertificateRequest,
  type Certified,
} from './certificates.ts';
export { findKafka, type FindKafkaOptions, type KafkaOrigin } from './kafka-origin.ts';
export type { BrokerCount } from './kafka-settings.ts';
export { startRegistry, type RegistryOptions } from './start-registry.ts';
export type { RegistryServer } from './registry-server.ts';
export { findRegistry, type FindRegistryOptions, type RegistryOrigin } from './registry-origin.ts';
export type { JavaOrigin, NoOrigin } from './java-with-maven.ts';
export type { Java } from './java.ts';
export { freePorts } from './free-ports.ts';
export { endWithStarter } from './end-with-starter.ts';
export { InfraError, type InfraErrorCode } from './infra-error.ts';
