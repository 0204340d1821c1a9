import { setImmediate as turn } from 'node:timers/promises';
import type { Batch, Broker, Codec, Cursor, Lane, Log, LogRecord, Reader, Storage } from '@leftfold/subscriptions';

// Ports as bad days show them, drawn from a seed: slow, out of step, their answers lost. What they do is right all the same.

const LANE = '0' as Lane;

/** Numbers from 0 up to 1, the same for the same seed. Source: mulberry32, by Tommy Ettinger. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How bad the day is. */
export interface Weather {
  isCalm: boolean;
  readonly random: () => number;
}
const until = (weather: Weather, most: number): number =>
  weather.isCalm ? 0 : Math.floor(weather.random() ** 2 * most);
async function wait(turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await turn();
}
const away = (code = 'LF_STORAGE_UNAVAILABLE'): Error => Object.assign(new Error('made up'), { code, retryable: true });

/** Calls take their time; some fail, before or after they had their effect. */
async function call<T>(weather: Weather, work: () => Promise<T>): Promise<T> {
  const fate = weather.isCalm ? 1 : weather.random();
  await wait(until(weather, 12));
  if (fate < 0.04) throw away();
  const answer = await work();
  await wait(until(weather, 12));
  if (fate < 0.08) throw away();
  return answer;
}

/** A storage as one process has it. */
export function restlessStorage(storage: Storage, weather: Weather): Storage {
  const { checkpoints, log, readModels, withheld } = storage;
  return {
    ...storage,
    log: {
      name: log.name,
      ownership: log.ownership,
      lanes: log.lanes,
      ...(log.division && { division: log.division }),
      identity: () => call(weather, () => log.identity()),
      run: (reader, signal) => log.run(reader, signal),
      head: () => log.head(),
      at: (time) => log.at(time),
      restore: (kept, signal) => log.restore(kept, signal),
      hasPassed: (cursor, head) => log.hasPassed(cursor, head),
      behind: (places, options) => log.behind(places, options),
    },
    checkpoints: {
      claim: (...args) => call(weather, () => checkpoints.claim(...args)),
      renew: (...args) => call(weather, () => checkpoints.renew(...args)),
      save: (...args) => call(weather, () => checkpoints.save(...args)),
      release: (...args) => call(weather, () => checkpoints.release(...args)),
      leave: (...args) => call(weather, () => checkpoints.leave(...args)),
      list: (...args) => checkpoints.list(...args),
    },
    withheld: {
      keys: (...args) => call(weather, () => withheld.keys(...args)),
      withhold: (...args) => call(weather, () => withheld.withhold(...args)),
      requested: (...args) => call(weather, () => withheld.requested(...args)),
      settle: (...args) => call(weather, () => withheld.settle(...args)),
      events: (...args) => call(weather, () => withheld.events(...args)),
      list: (...args) => withheld.list(...args),
      request: (...args) => withheld.request(...args),
    },
    readModels: {
      prepare: (table) => readModels.prepare(table),
      transaction: (...args) => call(weather, () => readModels.transaction(...args)),
      transactions: (...args) => call(weather, () => readModels.transactions(...args)),
      appliedAhead: (...args) => readModels.appliedAhead(...args),
      aside: (...args) => readModels.aside(...args),
      reader: (tables) => readModels.reader(tables),
    },
  };
}

/** A codec whose registry answers late, not at all, or does not know a schema yet. What it was not asked to look up it neither writes nor reads. */
export function restlessCodec(codec: Codec, weather: Weather): Codec {
  const prepared = new WeakSet<object>();
  const check = (of: object): void => {
    if (!prepared.has(of)) throw new Error('not looked up');
  };
  return {
    contentType: codec.contentType,
    prepare: async (needed, options) => {
      await wait(until(weather, 12));
      const fate = weather.isCalm ? 1 : weather.random();
      if (fate < 0.1) throw away(fate < 0.05 ? 'LF_REGISTRY_UNAVAILABLE' : 'LF_SCHEMA_UNREGISTERED');
      await codec.prepare(needed, options);
      for (const one of 'writers' in needed ? needed.writers : needed.records) prepared.add(one);
    },
    encode: (payload, writer) => (check(writer), codec.encode(payload, writer)),
    decode: (record, reader) => (check(record), codec.decode(record, reader)),
  };
}

/** A broker whose answers come late, leave partitions out, or not at all. */
export function restlessBroker(broker: Broker, weather: Weather): Broker {
  return {
    ...broker,
    publisher: async () => {
      const publisher = await broker.publisher();
      return {
        partitions: (topic) => publisher.partitions(topic),
        publish: async (...args) => {
          const outcome = await call(weather, () => publisher.publish(...args));
          return outcome.slice(until(weather, 2));
        },
        close: () => publisher.close(),
      };
    },
  };
}

/**
 * A log read as a database may show it: as long as nobody has pinned a place, where its page ends and how the streams in it are merged differs from
 * one reading to the next. Within a stream the order is that of the versions. A memory's own log gives the same page whoever asks.
 */
export class RestlessLog implements Log {
  readonly name: string;
  readonly ownership = 'leased' as const;
  readonly lanes = 1;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #records: LogRecord[] = [];

  /** @param signal ends the reading of what `log` holds. */
  constructor(log: Log, random: () => number, signal: AbortSignal) {
    this.name = log.name;
    this.#log = log;
    this.#random = random;
    const collector: Reader<LogRecord> = {
      name: 'collector',
      from: async () => 'start',
      handle: async ({ records }) => void this.#records.push(...records),
      faulted: () => {},
    };
    void log.run(collector, signal);
  }

  identity(): ReturnType<Log['identity']> {
    return this.#log.identity();
  }
  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return new Map([[LANE, cursorOf({ at: this.#records.length })]]);
  }
  at(): Promise<ReadonlyMap<Lane, Cursor>> {
    return Promise.reject(new Error('not drawn'));
  }
  async behind(places: ReadonlyMap<Lane, Cursor | 'start'>): ReturnType<Log['behind']> {
    const events = this.#records.length - placeOf(places.get(LANE) ?? 'start').at;
    return new Map([[LANE, { events, publicEvents: events, isMore: false }]]);
  }
  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return placeOf(cursor).at >= placeOf(head).at;
  }

  restore(...of: Parameters<Log['restore']>): ReturnType<Log['restore']> {
    return this.#log.restore(...of);
  }
  async run(reader: Reader<LogRecord>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        let from = await reader.from(LANE, signal);
        for (;;) {
          const { at, page = await this.#draw(at, signal) } = placeOf(from);
          if (signal.aborted) return;
          const to = cursorOf({ at: page.end });
          const batch: Batch<LogRecord> = {
            lane: LANE,
            records: this.#merged(at, page),
            from,
            at: cursorOf({ at, page }),
            to,
          };
          await reader.handle(batch, signal);
          from = to;
        }
      } catch {
        await turn();
      }
    }
  }

  async #draw(at: number, signal: AbortSignal): Promise<Page> {
    while (this.#records.length <= at && !signal.aborted) await turn();
    const end = at + 1 + Math.floor(this.#random() * Math.min(6, this.#records.length - at));
    return { end, seed: Math.floor(this.#random() * 2 ** 31) };
  }
  #merged(at: number, { end, seed }: Page): readonly LogRecord[] {
    const random = seeded(seed);
    const streams = [...Map.groupBy(this.#records.slice(at, end), ({ stream }) => stream).values()].map((of) => [
      ...of,
    ]);
    const merged: LogRecord[] = [];
    while (merged.length < end - at) {
      const stream = streams[Math.floor(random() * streams.length)];
      const next = stream?.shift();
      if (next) merged.push(next);
    }
    return merged;
  }
}

/** What is in a page once it is pinned. */
interface Page {
  readonly end: number;
  readonly seed: number;
}
interface Place {
  readonly at: number;
  readonly page?: Page;
}
const cursorOf = (place: Place): Cursor => JSON.stringify(place) as Cursor;
const placeOf = (cursor: Cursor | 'start'): Place => (cursor === 'start' ? { at: 0 } : (JSON.parse(cursor) as Place));
