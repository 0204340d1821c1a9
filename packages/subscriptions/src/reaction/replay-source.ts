import type { Cursor, Lane, Reader, Source, SourceRecord } from '../source.ts';

/** How far a lane was before it was told to go back; `undefined` where it stands there, or beyond. Known once the lane is claimed. */
export type ReachedPlace = (lane: Lane) => Cursor | undefined;

/** A source that can be told to ask for the places of its lanes anew. */
export interface ReplaySource<R extends SourceRecord> extends Source<R> {
  /** Asks for all places anew: by itself it would ask for that of a lane that was sent back when the next event comes, which may be never. What is under way is told to end. */
  readAnew(): void;
  /** Whether it is read. */
  isReading(): boolean;
}

/**
 * A source as a reaction reads it: a lane that was told to go back is first read up to the place it had reached, by a bounded reading of its own, and from there on as
 * ever. So a batch is of the replay or it is not, never both: between the two stands a place, and what was not visible there, though of a lower position, comes after it (hazard C9).
 */
export function replaySource<R extends SourceRecord>(source: Source<R>, reached: ReachedPlace): ReplaySource<R> {
  let anew: AbortController | undefined;
  return {
    readAnew: () => anew?.abort(new DOMException(`a lane of ${source.name} was sent back`, 'AbortError')),
    isReading: () => anew !== undefined,
    name: source.name,
    ownership: source.ownership,
    ...(source.division && { division: source.division }),
    head: () => source.head(),
    restore: (kept, signal) => source.restore(kept, signal),
    hasPassed: (cursor, head) => source.hasPassed(cursor, head),
    ...(source.behind && { behind: source.behind.bind(source) }),
    run: async (reader, signal) => {
      const from: Reader<R>['from'] = (lane, stop) => readAgain(source, reached, reader, lane, stop);
      try {
        for (let isAgain = true; isAgain;) {
          const reading = (anew = new AbortController());
          const run = source.run({ ...reader, from }, AbortSignal.any([signal, reading.signal]));
          await run.catch((error: unknown) => {
            if (!reading.signal.aborted) throw error;
          });
          isAgain = reading.signal.aborted && !signal.aborted;
        }
      } finally {
        anew = undefined;
      }
    },
  };
}

/** Answers the place of a lane as soon as nothing of the lane is to be read again. */
async function readAgain<R extends SourceRecord>(
  source: Source<R>,
  reached: ReachedPlace,
  reader: Reader<R>,
  lane: Lane,
  signal: AbortSignal,
): Promise<Cursor | 'start'> {
  for (;;) {
    let from: Cursor | 'start' | undefined = await reader.from(lane, signal);
    const until = reached(lane);
    if (until === undefined) return from;
    const replaying: Reader<R> = {
      ...reader,
      until: new Map([[lane, until]]),
      from: async (_lane, asked) => {
        const place = from ?? (await reader.from(lane, asked));
        from = undefined;
        return place;
      },
    };
    await source.run(replaying, signal);
    signal.throwIfAborted();
  }
}
