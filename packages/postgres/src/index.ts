// A storage on your pool, and the tables it needs
export * from './postgres.ts';
export * from './pool.ts';
export {
  applyMigrations,
  assertMigrated,
  printMigrations,
  SchemaNewer,
  SchemaOutdated,
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
// What goes wrong
export * from './storage-errors.ts';
export { StreamCorrupt } from './store/store-errors.ts';
export { AheadOfLog, ReaderHasXid } from './log/log-errors.ts';
