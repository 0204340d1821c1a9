import type { AnyEventType } from '@leftfold/core';
import { editedRecord } from './edited-record.ts';
import type { ParkedEvent } from '../parked.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { KeptRecord, Source, SourceRecord } from '../source.ts';

/** A parked event as a record again; without one it is of a type that is not handled any more, and there is nothing to apply. */
export interface RestoredEvent {
  readonly parked: ParkedEvent;
  readonly record?: SourceRecord;
  readonly on?: AnyEventType;
}
/** What can be restored of parked events, from the first on, and why not the next. */
export interface Restored {
  readonly events: readonly RestoredEvent[];
  readonly fault?: unknown;
}

/**
 * Parked events as records again, in their order, up to the first that has not come or cannot be had; of those that were edited, with the payload that was put in place.
 * @throws a fault of the log or the registry, which passes
 */
export async function restoreParked(
  source: Source,
  events: readonly ParkedEvent[],
  types: ReadonlyMap<string, AnyEventType>,
  signal: AbortSignal,
): Promise<Restored> {
  const gap = events.findIndex(({ kept }) => kept === null);
  const come = gap < 0 ? events : events.slice(0, gap);
  const plans = come.map((parked): RestoredEvent & { readonly kept?: KeptRecord } => {
    const on = types.get(parked.envelope.type);
    if (on === undefined) return { parked };
    const record = editedRecord(parked, on);
    return record ? { parked, on, record } : { parked, on, kept: parked.kept as KeptRecord };
  });
  const needed = plans.flatMap(({ kept }) => kept ?? []);
  const { records, fault } = await restoreWhatCan(source, needed, signal);
  const restored: RestoredEvent[] = [];
  let next = 0;
  for (const { parked, on, record, kept } of plans) {
    const whole = kept === undefined ? record : records[next++];
    if (kept !== undefined && whole === undefined) return { events: restored, fault };
    restored.push({ parked, ...(on && { on }), ...(whole && { record: whole }) });
  }
  return { events: restored };
}

async function restoreWhatCan(
  source: Source,
  kept: readonly KeptRecord[],
  signal: AbortSignal,
): Promise<{ readonly records: readonly SourceRecord[]; readonly fault?: unknown }> {
  if (kept.length === 0) return { records: [] };
  try {
    return { records: await source.restore(kept, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (recoveryOf(error) !== 'stop') throw error;
  }
  // One of them is gone: those before it are not its fault.
  const records: SourceRecord[] = [];
  for (const one of kept) {
    try {
      records.push(...(await source.restore([one], signal)));
    } catch (fault) {
      signal.throwIfAborted();
      if (recoveryOf(fault) !== 'stop') throw fault;
      return { records, fault };
    }
  }
  return { records };
}
