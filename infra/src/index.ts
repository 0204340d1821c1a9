export { startPostgres, type PostgresOptions } from './start-postgres.ts';
export { createDatabase } from './postgres-database.ts';
export type { PostgresServer } from './postgres-server.ts';
export { startKafka, type KafkaOptions } from './start-kafka.ts';
export type { KafkaCluster, KafkaNode } from './kafka-cluster.ts';
export { findKafka, type FindKafkaOptions, type KafkaOrigin } from './kafka-origin.ts';
export type { BrokerCount } from './kafka-settings.ts';
export type { Java } from './java.ts';
export { InfraError, type InfraErrorCode } from './infra-error.ts';
