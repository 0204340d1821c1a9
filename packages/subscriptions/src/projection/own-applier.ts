import { AheadOfCheckpoint } from './ahead-of-checkpoint.ts';
import type { Applier } from './applier.ts';
import { applySideBySide } from './apply-side-by-side.ts';
import type { Claim } from '../checkpoints.ts';
import type { DealtEvent } from './dealt-event.ts';
import type { HeldKeys } from '../parking/held-keys.ts';
import type { OwnProjection } from './own-projection.ts';
import type { AppliedAhead, ReadModels } from '../read-models.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { SourceRecord } from '../source.ts';

/** What concerns the projection or the storage as a whole: to park event after event for it would empty the log into the parked ones. */
const OF_ALL: readonly string[] = [
  'LF_SQL_ELSEWHERE',
  'LF_STORAGE_REFUSED',
  'LF_ROW_TABLE_CHANGED',
  'LF_ROW_TABLE_MISSING',
  'LF_SCHEMA_OUTDATED',
  'LF_SCHEMA_NEWER',
];

/**
 * Statements of a projection's own: in the batch's transaction, or before it, several streams side by side. What of a batch was applied before it is left out, whoever did it. Which
 * event they fail at, only trying tells.
 */
export async function ownApplier(projection: OwnProjection, readModels: ReadModels, claim: Claim): Promise<Applier> {
  const ahead = await AheadOfCheckpoint.load(readModels, claim);
  /** First events of streams that failed side by side. */
  const failed = new Map<DealtEvent, unknown>();
  let covered: readonly AppliedAhead[] = [];
  return {
    rowsOf: () => [],
    concerns: () => true,
    apply: async (tx, events, gate) => {
      const admitted = events.filter((event) => {
        if (!gate.admits(event)) return false;
        const error = event.fault ?? failed.get(event);
        if (error !== undefined) gate.failed(event, error);
        return error === undefined;
      });
      const left = ahead.left(admitted);
      if (left.length > 0) await projection.apply(tx, left);
    },
    isRefusal,
    before: async (owned, events, held) => {
      failed.clear();
      if (projection.concurrency === 1) return;
      const place = { readModels, claim, from: owned.saved, ahead, isRefusal };
      for (const { events: left, error } of await applySideBySide(projection, place, free(events, held)))
        failed.set(left[0] as DealtEvent, error ?? new Error('a handler threw nothing'));
    },
    ending: async (tx, events) => {
      covered = ahead.covered(events.filter(({ fault }) => fault === undefined));
      if (covered.length > 0) await tx.forgetAhead(covered);
    },
    ended: () => ahead.forgotten(covered),
  };
}

function isRefusal(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return recoveryOf(error) === 'stop' && !OF_ALL.some((of) => of === code);
}

/** Those that wait behind nothing, and can be decoded. */
function free(events: readonly DealtEvent[], held: HeldKeys): readonly DealtEvent[] {
  const stuck = new Set<string>();
  const nameOf = ({ tenant, stream }: SourceRecord): string => `${tenant}/${stream}`;
  return events.filter((event) => {
    const { record } = event;
    const isFree =
      record.mark === undefined &&
      !stuck.has(nameOf(record)) &&
      held.keyOf(record) === undefined &&
      event.fault === undefined;
    if (!isFree) stuck.add(nameOf(record));
    return isFree;
  });
}
