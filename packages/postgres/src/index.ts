// A storage on your pool, and the tables it needs
export * from './postgres.ts';
export * from './pool.ts';
export * from './within.ts';
export { trimReplies } from './store/reply-trimming.ts';
export {
  applyMigrations,
  assertMigrated,
  printMigrations,
  printRoles,
  type ApplyOptions,
  type MigrationOptions,
} from './migrations/migrations.ts';
// The ports, on Postgres
export type { PostgresEventStore } from './store/postgres-event-store.ts';
export type { PostgresLog } from './log/postgres-log.ts';
export {
  readModels,
  rowTablesReader,
  type ReadModelsOptions,
  type UnionToIntersection,
} from './read-models/read-models.ts';
export type { DriverCursor, DriverCursorConstructor } from './read-models/model-cursor.ts';
// Projections with SQL of their own
export { sqlProjection, type SqlProjection, type SqlProjectionOptions } from './sql-projection/sql-projection.ts';
// After a restore, an upgrade, a fail-over
export { acceptCluster, acceptTimeline } from './identity/accept.ts';
export { rebase } from './identity/rebase.ts';
export type { AcceptOptions, GenerationRaised } from './identity/raise-generation.ts';
// What goes wrong
export * from './identity/identity-errors.ts';
export * from './storage-errors.ts';
export * from './migrations/migration-errors.ts';
export { AppendQueueFull } from './store/append-queue-full.ts';
export { StreamCorrupt } from './store/store-errors.ts';
export { AheadOfLog, ReaderHasXid } from './log/log-errors.ts';
