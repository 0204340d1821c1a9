import type { EventStore } from '@leftfold/core';
import type { Checkpoints } from './checkpoints.ts';
import type { ReadModels } from './read-models.ts';
import type { LogRecord, Source } from './source.ts';

/** Which log this is. Every cursor and every published record names it, so that nothing of another log is taken for its own. */
export interface LogIdentity {
  /** UUID, drawn when the log was made. */
  readonly id: string;
  /** From 1; raised when the log continues after events were lost (a fail-over, a restore). */
  readonly generation: number;
}

/** The log as a source, with its identity. */
export interface Log extends Source<LogRecord> {
  identity(): Promise<LogIdentity>;
}

/** Everything one database gives: the event store, the log, checkpoints with leases, read models. */
export interface Storage {
  readonly store: EventStore;
  readonly log: Log;
  readonly checkpoints: Checkpoints;
  readonly readModels: ReadModels;
  /** For people: `postgres orders@db1:5432`. Holds no secrets. */
  readonly description: string;
}
