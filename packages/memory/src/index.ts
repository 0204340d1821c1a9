// A storage: store, log, checkpoints, read models
export * from './memory.ts';
export type { MemoryReadModels, MemoryRows } from './memory-read-models.ts';
// A broker
export * from './memory-broker.ts';
export type { MadeUpOutcome, MakeUpOutcome } from './memory-publisher.ts';
