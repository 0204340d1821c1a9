// The ports
export * from './source.ts';
export * from './checkpoints.ts';
export * from './row-table.ts';
export * from './read-models.ts';
export * from './storage.ts';
export * from './publisher.ts';
export * from './codec.ts';
export * from './broker.ts';
