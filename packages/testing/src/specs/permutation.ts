import type { SourceRecord } from '@leftfold/subscriptions';
import { CRASH_STEPS } from './mortal-storage.ts';
import type { Crashes } from './mortal-storage.ts';
import type { ProjectionScript } from './projection-run.ts';

/** Draws a whole number from 0 to one below `below`. */
type Draw = (below: number) => number;

/** The same numbers for the same seed. Source: xorshift32, G. Marsaglia, "Xorshift RNGs" (2003). */
export function drawFrom(seed: number): Draw {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/**
 * One way in which these records may reach a projection: streams interleaved in any order that keeps each one's own, now and then one of them after all
 * others; spread over one to three lanes; cut into batches; with up to two crashes, each between any two steps of a transaction. Where rows belong to one stream,
 * records may also come twice, as when a projection is moved to another source; where they do not, sources recognise what was sent twice, so it never
 * reaches the fold.
 */
export function permutation(records: readonly SourceRecord[], order: 'stream' | 'any', draw: Draw): ProjectionScript {
  const streams = [...Map.groupBy(records, ({ stream }) => stream).values()];
  const isOneLate = streams.length > 1 && draw(3) === 0;
  const [late] = isOneLate ? streams.splice(draw(streams.length), 1) : [];
  // A late stream waits for all others only in their lane.
  const lanes = Array.from({ length: isOneLate ? 1 : 1 + draw(3) }, (): (readonly SourceRecord[])[] => []);
  for (const stream of streams) lanes[draw(lanes.length)]?.push(stream);
  const script = lanes
    .map((ofLane) => [...interleaved(ofLane, draw), ...(late ?? [])])
    .map((ofLane) => (order === 'stream' ? withRepeats(ofLane, draw) : ofLane))
    .map((ofLane) => batches(ofLane, draw));
  return { script, crashes: crashes(script.flat().length, draw) };
}

function interleaved(streams: readonly (readonly SourceRecord[])[], draw: Draw): readonly SourceRecord[] {
  const rest = streams.map((stream) => [...stream]);
  const all: SourceRecord[] = [];
  for (let left = rest.flat().length; left > 0; left--) {
    // By what is left of each, so that every interleaving is equally likely.
    let at = draw(left);
    const stream = rest.find((one) => (at < one.length ? true : ((at -= one.length), false)));
    all.push(stream?.shift() as SourceRecord);
  }
  return all;
}

/** Rewinds up to two times: what came between two points comes again, at once or later. */
function withRepeats(records: readonly SourceRecord[], draw: Draw): readonly SourceRecord[] {
  const all = [...records];
  for (let repeats = records.length === 0 ? 0 : draw(3); repeats > 0; repeats--) {
    const from = draw(all.length);
    const to = from + 1 + draw(all.length - from);
    all.splice(to + draw(all.length - to + 1), 0, ...all.slice(from, to));
  }
  return all;
}

function batches(records: readonly SourceRecord[], draw: Draw): readonly (readonly SourceRecord[])[] {
  const cut: (readonly SourceRecord[])[] = [];
  for (let from = 0; from < records.length;) {
    const size = 1 + draw(4);
    cut.push(records.slice(from, from + size));
    from += size;
  }
  return cut;
}

function crashes(transactions: number, draw: Draw): Crashes {
  const drawn = Array.from(
    { length: draw(3) },
    () => [draw(transactions + 1), CRASH_STEPS[draw(CRASH_STEPS.length)] ?? 'unheard'] as const,
  );
  return new Map(drawn);
}
