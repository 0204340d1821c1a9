import { AheadOfCheckpoint } from './ahead-of-checkpoint.ts';
import type { Applier } from './applier.ts';
import { applySideBySide } from './apply-side-by-side.ts';
import type { Claim } from '../checkpoints.ts';
import type { DealtEvent } from './dealt-event.ts';
import type { HeldKeys } from '../parking/held-keys.ts';
import type { OwnProjection } from '../projection/own-projection.ts';
import type { AppliedAhead, ReadModels } from '../read-models.ts';
import { recoveryOf } from '../following/recovery.ts';
import { SlicePace } from './slice-pace.ts';
import type { SourceRecord } from '../source.ts';
import type { BatchTime } from './time-allowance.ts';

/** What concerns the projection or the storage as a whole: to park event after event for it would empty the log into the parked ones. */
const OF_ALL: readonly string[] = [
  'LF_SQL_ELSEWHERE',
  'LF_STORAGE_REFUSED',
  'LF_ROW_TABLE_CHANGED',
  'LF_ROW_TABLE_MISSING',
  'LF_SCHEMA_OUTDATED',
  'LF_SCHEMA_NEWER',
];

/** What batch handlers are given first: a third call has the rest of a batch. And what is applied beside the checkpoint first, where an event is expected to take its time. */
const [FIRST_SLICE, FIRST_ASIDE] = [100, 16];

/**
 * Statements of a projection's own: in the batch's transaction, or before it, several streams side by side. What of a batch was applied before it is left out, whoever did it. Which
 * event they fail at, only trying tells.
 */
export async function ownApplier(
  projection: OwnProjection,
  readModels: ReadModels,
  claim: Claim,
  time: BatchTime,
): Promise<Applier> {
  const ahead = await AheadOfCheckpoint.load(readModels, claim);
  const slices = new SlicePace(time, FIRST_SLICE);
  const asides = new SlicePace(time, FIRST_ASIDE);
  /** First events of streams that failed side by side. */
  const failed = new Map<DealtEvent, unknown>();
  let covered: readonly AppliedAhead[] = [];
  return {
    rowsOf: () => [],
    concerns: () => true,
    apply: async (tx, events, gate, allowance) => {
      allowance.begin();
      for (let dealt = 0; dealt < events.length;) {
        if (dealt > 0 && allowance.isOver) return dealt;
        const slice = events.slice(dealt, dealt + (projection.takes === 'each' ? 1 : slices.size));
        // Decided about when their turn has come: what is left for later is parked by nobody now.
        const admitted = slice.filter((event) => {
          if (!gate.admits(event)) return false;
          const error = event.fault ?? failed.get(event);
          if (error !== undefined) gate.failed(event, error);
          return error === undefined;
        });
        const left = ahead.left(admitted);
        if (left.length > 0) await slices.learn(left.length, () => projection.apply(tx, left));
        dealt += slice.length;
      }
      return events.length;
    },
    isRefusal,
    before: async (owned, events, held, interrupted) => {
      failed.clear();
      if (projection.concurrency === 1) return;
      const place = { readModels, claim, from: owned.saved, ahead, isRefusal, pace: asides, interrupted };
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
