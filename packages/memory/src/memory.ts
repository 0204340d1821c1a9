import { InlineProjections, type AnyProjection, type Storage } from '@leftfold/subscriptions';
import { MemoryCheckpoints } from './memory-checkpoints.ts';
import { MemoryConditions } from './memory-conditions.ts';
import { MemoryEventStore } from './memory-event-store.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryMilestones } from './memory-milestones.ts';
import { MemoryParked } from './memory-parked.ts';
import { MemoryProgress } from './memory-progress.ts';
import { MemoryReadModels } from './memory-read-models.ts';
import { MemoryVersions } from './memory-versions.ts';
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
  /**
   * Projections whose rows are folded in the append itself: they are there when it is answered, and an event that cannot be folded is not appended (`LF_INLINE_REFUSED`).
   * Rows of one stream may be followed as well; rows of several streams have this source alone, from the first event on (`LF_SOURCE_CHANGED`).
   */
  readonly inline?: readonly AnyProjection[];
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
  inline: listed = [],
  limits: { appendEvents: maxEvents = 1_000 } = {},
}: MemoryOptions = {}): MemoryStorage {
  const recorded = new RecordedEvents();
  const turns = new TurnTaking();
  const checkpoints = new MemoryCheckpoints(turns, now);
  const parked = new MemoryParked(turns, now);
  const versions = new MemoryVersions(checkpoints, now, listed);
  const readModels = new MemoryReadModels(checkpoints, parked, turns, versions);
  const projections = new InlineProjections(listed, {
    checkpoints,
    readModels,
    versions,
    holds: async (types) => recorded.between(0, recorded.end).some(({ type }) => types.includes(type)),
  });
  const log = new MemoryLog(recorded, lanes, now);
  const inline = listed.length > 0 && { inline: { projections, readModels, turns } };
  return {
    store: new MemoryEventStore({ recorded, topic, now, maxEvents, ...inline }),
    ...(inline && { inline: projections }),
    log,
    checkpoints,
    milestones: new MemoryMilestones(checkpoints, now),
    readModels,
    withheld: new MemoryWithheld(checkpoints, turns, now),
    parked,
    versions,
    conditions: new MemoryConditions(checkpoints, now),
    progress: new MemoryProgress({ recorded, log, checkpoints, parked }),
    description: `memory ${recorded.id}`,
  };
}
