import type { EventStore } from '@leftfold/core';
import type { Behind, BehindOptions } from './observation/behind.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Inline } from './inline/inline.ts';
import type { Conditions } from './conditions.ts';
import type { Milestones } from './milestones.ts';
import type { Parked } from './parked.ts';
import type { Progress } from './progress.ts';
import type { ReadModels } from './read-models.ts';
import type { Cursor, Lane, LogRecord, Source } from './source.ts';
import type { Versions } from './versions.ts';
import type { Withheld } from './withheld.ts';

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
  /**
   * The place from which a reader gets every event that was recorded at or after this time, by the clock of the store, also those whose transactions are
   * still running. It may get some earlier ones, too, since order is not time: look at `recordedAt` where that matters.
   */
  at(time: Date): Promise<ReadonlyMap<Lane, Cursor>>;
  /** Private events count, too, and times are the store's. Costs what is counted, not what the log holds. */
  behind(places: ReadonlyMap<Lane, Cursor | 'start'>, options?: BehindOptions): Promise<ReadonlyMap<Lane, Behind>>;
}

/** Everything one database gives: the event store, the log, checkpoints with leases, read models with their versions, what is withheld or parked, and how followers are. */
export interface Storage {
  readonly store: EventStore;
  readonly log: Log;
  readonly checkpoints: Checkpoints;
  readonly milestones: Milestones;
  readonly readModels: ReadModels;
  readonly withheld: Withheld;
  readonly parked: Parked;
  /** What its appends apply. Absent where there is nothing. */
  readonly inline?: Inline;
  readonly versions: Versions;
  readonly conditions: Conditions;
  /** How far followers have come, for who waits for them. */
  readonly progress: Progress;
  /** For people: `postgres orders@db1:5432`. Holds no secrets. */
  readonly description: string;
}
