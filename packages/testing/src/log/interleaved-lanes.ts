import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { StreamRef } from '@leftfold/core';
import type { Batch, Cursor, Lane, Log, LogRecord, Storage } from '@leftfold/subscriptions';
import { newEvents, newStream, readIds } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';

const ROUNDS = 60;

/** Numbers from 0 up to 1, the same for the same seed. Source: mulberry32, by Tommy Ettinger. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A follower that saves a place now and then, and forgets what it got after it whenever a lane is taken from it, or it comes again. */
class ForgetfulReader {
  readonly got = new Map<Lane, LogRecord[]>();
  readonly unjoined: string[] = [];
  readonly #log: Log;
  readonly #random: () => number;
  readonly #saved = new Map<Lane, { readonly place: Cursor; readonly count: number }>();
  readonly #done = new Map<Lane, Cursor | 'start'>();
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  isCalm = false;

  constructor(log: Log, random: () => number) {
    this.#log = log;
    this.#random = random;
  }

  start(): void {
    const stop = new AbortController();
    const ended = this.#log.run(
      {
        name: 'conformance',
        from: async (lane, signal) => {
          if (!this.isCalm && this.#random() < 0.2) await pause(this.#random() * 40, undefined, { signal });
          const saved = this.#saved.get(lane);
          this.got.set(lane, (this.got.get(lane) ?? []).slice(0, saved?.count ?? 0));
          this.#done.set(lane, saved?.place ?? 'start');
          return saved?.place ?? 'start';
        },
        handle: (batch, signal) => this.#handle(batch, signal),
        faulted: (lane, error) => void this.unjoined.push(`lane ${lane} faulted: ${String(error)}`),
      },
      stop.signal,
    );
    this.#run = { stop, ended };
  }
  async stop(): Promise<void> {
    this.#run?.stop.abort();
    await this.#run?.ended;
  }
  hasPassed(head: ReadonlyMap<Lane, Cursor>): boolean {
    return [...head].every(([lane, end]) => this.#log.hasPassed(this.#done.get(lane) ?? 'start', end));
  }

  async #handle(batch: Batch<LogRecord>, signal: AbortSignal): Promise<void> {
    const { lane, from, to, records } = batch;
    if (from !== this.#done.get(lane)) this.unjoined.push(`lane ${lane}: ${from} after ${this.#done.get(lane)}`);
    const fate = this.isCalm ? 1 : this.#random();
    if (fate < 0.05) await pause(this.#random() * 80, undefined, { signal }).catch(() => undefined);
    else if (fate < 0.4) await pause(this.#random() * 4, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    if (fate > 0.9 && fate < 1) {
      if (fate > 0.95 && records.length > 1) this.#handlePart(batch);
      throw new Error('a lane that is asked for again');
    }
    this.got.get(lane)?.push(...records);
    this.#done.set(lane, to);
    if (this.#random() < 0.5) this.#saved.set(lane, { place: to, count: this.got.get(lane)?.length ?? 0 });
  }
  /** As a follower for whom a batch is too long. */
  #handlePart(batch: Batch<LogRecord>): void {
    const { lane, records } = batch;
    const count = 1 + Math.floor(this.#random() * (records.length - 1));
    this.got.get(lane)?.push(...records.slice(0, count));
    this.#saved.set(lane, { place: batch.after?.(count) as Cursor, count: this.got.get(lane)?.length ?? 0 });
  }
}

/** Random appends and random readers; the seed is in what it throws. */
export async function interleavedLanes(open: (lanes: number) => Promise<Storage>): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seeded(seed);
  const lanes = [2, 4, 8][Math.floor(random() * 3)] as number;
  const storage = await open(lanes);
  const streams = Array.from({ length: 10 }, () => newStream());
  const readers = [0, 1].map(() => new ForgetfulReader(storage.log, random));
  for (const reader of readers) reader.start();
  for (let round = 0; round < ROUNDS; round++) {
    const some = streams.filter(() => random() < 0.3);
    const count = random() < 0.1 ? 40 : 1 + Math.floor(random() * 3);
    await storage.store.append(some.map((stream) => ({ stream, expect: 'any', events: newEvents(count) })));
    if (random() < 0.3) await pause(random() * 10);
    const [reader] = readers.slice(Math.floor(random() * 2));
    if (random() < 0.1 && reader !== undefined) {
      await reader.stop();
      reader.start();
    }
  }
  const head = await storage.log.head();
  for (const reader of readers) reader.isCalm = true;
  await eventually(() => readers.every((reader) => reader.hasPassed(head)), { timeoutMs: 20_000 });
  await Promise.all(readers.map((reader) => reader.stop()));
  for (const reader of readers) await assertComplete(storage, reader, streams, `seed ${seed}, ${lanes} lanes`);
}

async function assertComplete(
  { store, log }: Storage,
  reader: ForgetfulReader,
  streams: readonly StreamRef[],
  run: string,
): Promise<void> {
  assert.deepEqual(reader.unjoined, [], run);
  const all = [...reader.got].flatMap(([lane, records]) => records.map((record) => ({ lane, record })));
  for (const { lane, record } of all) assert.equal(lane, String(record.hash % log.lanes), run);
  for (const stream of streams) {
    const got = all.filter(({ record }) => record.stream === stream.id).map(({ record }) => record.id);
    assert.deepEqual(got, await readIds(store, stream), run);
  }
}
