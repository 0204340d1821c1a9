import { DefinitionError, eventTypesByName, type AnyEventType, type Json, type StreamVersion } from '@leftfold/core';
import { AtEvent } from '../following/at-event.ts';
import type { FollowerId } from '../checkpoints.ts';
import { foldBatch, planFold, type FoldEvent, type FoldPlan } from './fold-batch.ts';
import { FoldFault } from './fold-fault.ts';
import { startFollower, type FollowerOptions } from '../following/follower.ts';
import { SAVE_SOON_MS, type OwnedLane } from '../following/owned-lane.ts';
import type { AnyProjection } from './projection.ts';
import { OneCategory } from './one-category.ts';
import { readEvent } from './read-event.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { Running } from '../following/running.ts';
import { projectorLedger, refuseMoved } from './source-moved.ts';
import type { Source, SourceRecord } from '../source.ts';
import type { EventReference } from '../following/status.ts';
import type { Storage } from '../storage.ts';
import type { Withheld } from '../withheld.ts';

/** What a projector needs. */
export interface FollowOptions extends FollowerOptions {
  /** The log of a storage, or a broker's source. */
  readonly from: Source;
  /** Where the rows and the checkpoints are. */
  readonly storage: Storage;
  /** Where it is noted what became of withheld events: by the log whose events these are. Default: in `storage`. */
  readonly withheld?: Pick<Withheld, 'events'>;
}

/**
 * Follows a source with a projection. The same definition, whatever the source. Per batch: decode, upcast, fold, then one transaction with the rows and
 * the checkpoint, guarded by (expected cursor, owner's epoch): so an event has its effect exactly once, and a zombie's transaction cannot commit
 * (hazards C1, C4).
 *
 * An event newer than the code makes its lane wait (`LF_NEWER_EVENT`); one that cannot be read or folded stops its lane, other lanes go on. A batch without
 * handled events is noted and saved within a second, at a stop at once; a log does not even parse what is not handled.
 *
 * An event whose schema is not known yet, or cannot be asked for, makes the source wait, visibly; a record that cannot be read stops its lane with
 * `LF_RECORD_UNDECODABLE`, and its bytes are in the fault's error (hazard A7). Events of types that were renamed come under any of their names.
 *
 * An event that the relay withholds stops its lane with `LF_RECORD_WITHHELD`, if its type is handled; started again after it was redriven or given up, as noted
 * in `withheld`, the lane goes on (hazard R15).
 *
 * Makes the projection's table. Servers that are away are no reason to reject: that is tried again, and shows in the status.
 *
 * Rows of order `'stream'` are fed by streams of one category: an event of a second one stops its lane (`LF_PROJECTION_INVALID`).
 *
 * @throws {@link DefinitionError} `LF_EVENT_PRIVATE` when it handles a private type and follows a broker
 * @throws `LF_ROW_TABLE_CHANGED` when the version's table has other columns
 */
export async function follow(projection: AnyProjection, options: FollowOptions): Promise<Running> {
  const { from: source, storage, withheld = storage.withheld } = options;
  const { rowTable: table, handlers } = projection;
  const id: FollowerId = { name: projection.name, version: projection.version };
  const types = eventTypesByName([...handlers.values()].map(({ on }) => on));
  const categories = new OneCategory(projection);
  const ledger = (): Json => projectorLedger(source, categories.category);
  refusePrivate(projection, source, storage);
  await storage.readModels.prepare(table).catch((error: unknown) => {
    if (recoveryOf(error) !== 'again') throw error;
  });

  return startFollower<SourceRecord>(
    {
      id,
      source,
      checkpoints: storage.checkpoints,
      only: { types: [...types.keys()] },
      settled: async ({ streamVersion, sequence, ...key }) => {
        const after = (streamVersion - 1n) as StreamVersion;
        const [row] = await withheld.events(key, { after, limit: 1 });
        return row?.streamVersion === streamVersion && (row.settled?.sequence ?? 0) > sequence;
      },
      open: async () => {
        await storage.readModels.prepare(table);
        const saved = await storage.checkpoints.list(id);
        if (projection.order === 'any') refuseMoved(projection, source, saved);
        categories.recall(saved);
      },
      deal: async (owned, batch) => {
        const handled = batch.records.filter(({ type }) => types.has(type));
        const plan = handled.length === 0 ? undefined : planOf(handled);
        if (plan === undefined || plan.steps.length === 0) owned.passed(batch.to, SAVE_SOON_MS, ledger());
        else await apply(owned, plan, batch.to);
      },
    },
    options,
  );

  function planOf(records: readonly SourceRecord[]): FoldPlan {
    const events = records.map((record): FoldEvent => {
      const on = types.get(record.type) as AnyEventType;
      try {
        categories.check(record);
        return { tenant: record.tenant, event: readEvent(on, record) };
      } catch (error) {
        throw new AtEvent(error, { ...referenceOf(record), type: on.type });
      }
    });
    return naming(() => planFold(projection, events));
  }

  async function apply(owned: OwnedLane, plan: FoldPlan, to: Parameters<OwnedLane['moved']>[0]): Promise<void> {
    const kept = ledger();
    await storage.readModels.transaction(owned.claim, { from: owned.saved, to, ledger: kept }, async (tx) => {
      // Rows of one stream are locked, too: while a projection is moved to another source, both may feed it for a moment.
      const rows = await tx.read(table, plan.keys, { lock: true });
      const changes = naming(() => foldBatch(plan, rows));
      if (changes.length > 0) await tx.write(table, changes);
    });
    owned.moved(to, kept);
  }
}

function refusePrivate(projection: AnyProjection, source: Source, storage: Storage): void {
  const isLog = source === storage.log || 'identity' in source;
  for (const { on } of isLog ? [] : projection.handlers.values()) {
    if (!on.private) continue;
    throw new DefinitionError(
      'LF_EVENT_PRIVATE',
      `projection ${projection.name} handles ${on.type}, which is private and never leaves the log, but follows ${source.name}; let it follow the log`,
    );
  }
}

/** Says, for the status, which event a fault of a fold is about. */
function naming<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FoldFault)) throw error;
    const { eventId: id, eventType: type, stream, streamVersion } = error;
    throw new AtEvent(error, { id, type, stream, streamVersion });
  }
}

const referenceOf = ({ id, stream, streamVersion }: SourceRecord): Omit<EventReference, 'type'> => ({
  id,
  stream,
  streamVersion,
});
