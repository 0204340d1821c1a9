import type { AnyEventType } from '@leftfold/core';
import type { ParkedEvent } from '../parked.ts';
import { restoreParked, type Restored, type RestoredEvent } from './restore-parked.ts';
import type { Source } from '../source.ts';

/** As many bytes as a batch has: events of a key may all be large ones. */
export const CHUNK_BYTES: number = 8 * 1024 * 1024;
/** So many are restored at once: what a log keeps says how large it is when it is there. */
const STEP = 10;

/**
 * The first of these parked events as records again: as {@link restoreParked}, but no more when those that are there have {@link CHUNK_BYTES}. One step goes beyond it at most.
 * @throws as {@link restoreParked}
 */
export async function restoreChunk(
  source: Source,
  events: readonly ParkedEvent[],
  types: ReadonlyMap<string, AnyEventType>,
  signal: AbortSignal,
): Promise<Restored> {
  const all: RestoredEvent[] = [];
  for (let from = 0, bytes = 0; from < events.length && bytes < CHUNK_BYTES; from += STEP) {
    const step = events.slice(from, from + STEP);
    const restored = await restoreParked(source, step, types, signal);
    all.push(...restored.events);
    if (restored.events.length < step.length) return { ...restored, events: all };
    bytes += restored.events.reduce((sum, event) => sum + bytesOf(event), 0);
  }
  return { events: all };
}

function bytesOf({ record }: RestoredEvent): number {
  if (record === undefined) return 0;
  if ('payload' in record && typeof record.payload === 'string') return record.payload.length;
  return record.keep().raw?.value?.byteLength ?? 0;
}
