import type { EventStore } from '@leftfold/core';
import type { Checkpoints } from './checkpoints.ts';
import type { ReadModels } from './read-models.ts';
import type { Cursor, Lane, LogReader, LogRecord, Source } from './source.ts';

/** Which log this is. Every cursor and every published record names it, so that nothing of another log is taken for its own. */
export interface LogIdentity {
  /** UUID, drawn when the log was made. */
  readonly id: string;
  /** From 1; raised when the log continues after events were lost (a fail-over, a restore). */
  readonly generation: number;
}

/** The log as a source, with its identity. */
export interface Log extends Source<LogRecord> {
  /** How many lanes it has, named `0`, `1`, …: the lane of an event is its hash mod this. */
  readonly lanes: number;
  identity(): Promise<LogIdentity>;
  /** Resolves also when a bounded reader ({@link LogReader.until}) has got everything. */
  run(reader: LogReader, signal: AbortSignal): Promise<void>;
  /**
   * The place from which a reader gets every event that was recorded at or after this time, by the clock of the store, also those whose transactions are
   * still running. It may get some earlier ones, too, since order is not time: look at `recordedAt` where that matters.
   */
  at(time: Date): Promise<ReadonlyMap<Lane, Cursor>>;
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
