// The module
export { LeftfoldModule } from './leftfold.module.ts';
export * from './options.ts';
// What is injected
export * from './inject.ts';
// A request's context, and what HTTP gets
export { contextOptions, noteWritten, TOKEN_HEADER } from './command-context.ts';
export * from './idempotency-key.ts';
export * from './reads-own-writes.ts';
export { Token } from './token.ts';
export { RefusalFilter } from './refusal.filter.ts';
// Side effects
export { Reaction, type ReactionOptions } from './reaction.ts';
export { On } from './on.ts';
// What runs
export { Followers, type NamedFollower } from './followers.ts';
export { ReadModelTables, type BoundReadModel } from './read-model-tables.ts';
export { SchemaReadiness, type MissingSchema } from './schema-readiness.ts';
export { LagWatch } from './lag-watch.ts';
export { nestLogger } from './nest-logger.ts';
export { LeftfoldHealth, type HealthReport } from './leftfold-health.ts';
export { LeftfoldHealthModule } from './health.ts';
