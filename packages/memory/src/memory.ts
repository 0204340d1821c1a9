import type { Storage } from '@leftfold/subscriptions';
import { MemoryCheckpoints } from './memory-checkpoints.ts';
import { MemoryEventStore } from './memory-event-store.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryMilestones } from './memory-milestones.ts';
import { MemoryReadModels } from './memory-read-models.ts';
import { MemoryWithheld } from './memory-withheld.ts';
import { RecordedEvents } from './recorded-events.ts';
import { TurnTaking } from './turn-taking.ts';

/** What {@link memory} gives: a storage whose rows can be looked at. */
export interface MemoryStorage extends Storage {
  readonly readModels: MemoryReadModels;
}
/** How a memory behaves. */
export interface MemoryOptions {
  /** The topic of a category's public events, decided at append; `null` keeps them in the log. Default: the category. */
  readonly topic?: (category: string) => string | null;
  /** In how many lanes the log is followed: 1, 2, 4, 8 or 16, default 1. */
  readonly lanes?: number;
  /** Milliseconds since 1970: what events are stamped with, and what leases and stored replies run by. Default `Date.now`. */
  readonly now?: () => number;
  readonly limits?: {
    /** Most events of one append, over all its streams. Default 1,000. */
    readonly appendEvents?: number;
  };
}

/**
 * A log of its own in this process's memory, with checkpoints and read models, keeping every promise of the ports but durability: the
 * reference for adapters, and what unit tests stand on. Transactions of the caller's (`within`) are not offered. Nothing is shared between two calls.
 */
export function memory({
  topic = (category) => category,
  now = Date.now,
  lanes = 1,
  limits: { appendEvents: maxEvents = 1_000 } = {},
}: MemoryOptions = {}): MemoryStorage {
  const recorded = new RecordedEvents();
  const turns = new TurnTaking();
  const checkpoints = new MemoryCheckpoints(turns, now);
  return {
    store: new MemoryEventStore({ recorded, topic, now, maxEvents }),
    log: new MemoryLog(recorded, lanes, now),
    checkpoints,
    milestones: new MemoryMilestones(checkpoints, now),
    readModels: new MemoryReadModels(checkpoints, turns),
    withheld: new MemoryWithheld(checkpoints, turns, now),
    description: `memory ${recorded.id}`,
  };
}
