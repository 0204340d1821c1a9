/** What a reader of a whole store hands out. */
export interface ProbedEvent {
  readonly id: string;
  readonly stream: string;
}

/** A store as the probe sees it. */
export interface ProbedStore {
  /** Appends one event. `expected`: the stream's version, `'none'`: it must not exist, `'any'`: no check. */
  append(stream: string, expected: bigint | 'none' | 'any', id: string): Promise<'appended' | 'conflict'>;
  /** Ids of the stream's events as the store's own reader gives them. */
  read(stream: string): Promise<readonly string[]>;
  /** A new reader of all events from the first one, the store's own. `next` gives at most `page`; nothing when it has caught up. */
  reader(page: number): { next(): Promise<readonly ProbedEvent[]> };
  /** A transaction of the caller's, where the store has a way into one. */
  transaction?(): Promise<ProbedTransaction>;
}

export interface ProbedTransaction {
  /** Writes something else, so that the transaction has its id before it appends. */
  touch(): Promise<void>;
  append(stream: string, id: string): Promise<void>;
  commit(): Promise<void>;
}

/** What a probe found wrong, a sentence each, led by the hazard's id. Nothing: it passed. */
export type Findings = readonly string[];

const RACERS = 16;
const RACES = 5;
const LOAD = { writers: 16, appends: 125, streams: 40 };
/** Small pages have many borders, where something may fall between two; large ones keep up with the writers, and meet what is not committed yet. */
const PAGES = { small: 10, large: 500 };
/** A reader that is empty so often, with nobody writing any more, has caught up. */
const EMPTY_POLLS = 3;
/** An append takes a few milliseconds; one that takes this long waits for a lock. */
const WAITING_MS = 500;
/** A reader that hands out this many times what was written goes in circles. */
const CIRCLES = 5;

/** Runs every probe that the store has the means for, each on streams of its own. Takes some seconds. */
export async function probe(store: ProbedStore, newId: () => string): Promise<Findings> {
  return [
    ...(await conflicts(store, newId)),
    ...(await load(store, newId)),
    ...(await lateCommit(store, newId)),
    ...(await earlyTransaction(store, newId)),
  ];
}

/** L7, L8: of many appends with one expectation exactly one is appended, and nothing that was acknowledged is gone. */
async function conflicts(store: ProbedStore, newId: () => string): Promise<Findings> {
  const winners = new Map<string, number>();
  const gone = new Set<string>();
  let isIgnored = false;
  for (let race = 0; race < RACES; race++) {
    for (const [hazard, expected] of [
      ['L8: absent', 'none'],
      ['L7: exact', 1n],
    ] as const) {
      const stream = `race-${newId()}`;
      if (expected !== 'none') await store.append(stream, 'none', newId());
      const ids = Array.from({ length: RACERS }, newId);
      const outcomes = await Promise.all(ids.map((id) => store.append(stream, expected, id)));
      const won = ids.filter((_, nth) => outcomes[nth] === 'appended');
      const stored = new Set(await store.read(stream));
      if (won.length !== 1) winners.set(hazard, Math.max(winners.get(hazard) ?? 0, won.length));
      if (won.some((id) => !stored.has(id))) gone.add(hazard);
    }
    const stream = `twice-${newId()}`;
    await store.append(stream, 'none', newId());
    if ((await store.append(stream, 'none', newId())) === 'appended') isIgnored = true;
  }
  return [
    ...[...winners].map(([hazard, won]) => `${hazard} version expected by ${RACERS} at once: ${won} were appended`),
    ...[...gone].map((hazard) => `${hazard} version: an acknowledged event is gone`),
    ...(isIgnored ? ['L8: "must not exist" let a second append pass'] : []),
  ];
}

/** L1, L3, L4 under load: a reader that reads meanwhile sees each event once, and each stream in its order. */
async function load(store: ProbedStore, newId: () => string): Promise<Findings> {
  const streams = Array.from({ length: LOAD.streams }, () => `load-${newId()}`);
  const written = new Set<string>();
  const state = { writing: true };
  const readAll = async (page: number): Promise<readonly ProbedEvent[]> => {
    const seen: ProbedEvent[] = [];
    const reader = store.reader(page);
    for (let empty = 0; empty < EMPTY_POLLS;) {
      const isLast = !state.writing;
      const events = await reader.next();
      seen.push(...events);
      if (seen.length > CIRCLES * LOAD.writers * LOAD.appends) break;
      empty = events.length === 0 && isLast ? empty + 1 : 0;
    }
    return seen;
  };
  const reading = Promise.all(Object.values(PAGES).map(readAll));
  const writer = async (nth: number): Promise<void> => {
    for (let i = 0; i < LOAD.appends; i++) {
      const id = newId();
      const stream = streams[(nth + i * 7) % streams.length] ?? '';
      if ((await store.append(stream, 'any', id)) === 'appended') written.add(id);
    }
  };
  try {
    await Promise.all(Array.from({ length: LOAD.writers }, (_, nth) => writer(nth)));
  } finally {
    state.writing = false;
  }
  const findings: string[] = [];
  for (const [nth, seen] of (await reading).entries()) {
    const found = [...lossOf(written, seen), ...(await orderOf(store, streams, seen))];
    findings.push(...found.map((finding) => `${finding} in pages of ${Object.values(PAGES)[nth]}`));
  }
  return findings;
}

function lossOf(written: ReadonlySet<string>, seen: readonly ProbedEvent[]): Findings {
  const ids = new Set(seen.map(({ id }) => id));
  const lost = [...written].filter((id) => !ids.has(id)).length;
  const twice = seen.length - ids.size;
  return [
    ...(lost > 0 ? [`L1, L3: ${lost} of ${written.size} events were never read`] : []),
    ...(twice > 0 ? [`${twice} events were read twice without a restart`] : []),
  ];
}

async function orderOf(
  store: ProbedStore,
  streams: readonly string[],
  seen: readonly ProbedEvent[],
): Promise<Findings> {
  let inverted = 0;
  for (const stream of streams) {
    const places = new Map((await store.read(stream)).map((id, place) => [id, place]));
    let last = -1;
    for (const { id } of seen.filter((event) => event.stream === stream)) {
      const place = places.get(id) ?? -1;
      if (place < last) inverted += 1;
      last = place;
    }
  }
  return inverted > 0 ? [`L4: ${inverted} events were read after a later one of their stream`] : [];
}

/** L1: A draws its place, B draws a later one and commits, the reader reads, A commits. */
async function lateCommit(store: ProbedStore, newId: () => string): Promise<Findings> {
  const late = await store.transaction?.();
  if (late === undefined) return [];
  const [first, second] = [newId(), newId()];
  const reader = store.reader(PAGES.large);
  await late.append(`late-${first}`, first);
  const other = store.append(`early-${second}`, 'any', second);
  await endedOrWaiting(other);
  const before = await drained(reader);
  await late.commit();
  await other;
  const seen = new Set([...before, ...(await drained(reader))].map(({ id }) => id));
  const lost = [first, second].filter((id) => !seen.has(id)).length;
  return lost > 0 ? [`L1: ${lost} of 2 events were never read, one committed while the other was being read`] : [];
}

/** L4: A has a transaction id, B appends version 1 and commits, A appends version 2. */
async function earlyTransaction(store: ProbedStore, newId: () => string): Promise<Findings> {
  const early = await store.transaction?.();
  if (early === undefined) return [];
  const stream = `inverted-${newId()}`;
  const [first, second] = [newId(), newId()];
  await early.touch();
  // Where this waits for the transaction, what is to be shown cannot happen, and the probe must not wait for ever.
  const other = store.append(stream, 'any', first);
  await endedOrWaiting(other);
  await early.append(stream, second);
  await early.commit();
  await other;
  const order = (await drained(store.reader(PAGES.small)))
    .filter((event) => event.stream === stream)
    .map(({ id }) => id);
  if (order.length < 2) return [`L3: ${2 - order.length} of 2 events were never read, their transactions overlapped`];
  return order[0] === first ? [] : ['L4: version 2 was read before version 1, its transaction had begun earlier'];
}

/** A store may let writers wait for each other: then the other one goes on first. */
async function endedOrWaiting(append: Promise<unknown>): Promise<void> {
  await Promise.race([append, new Promise((resolve) => void setTimeout(resolve, WAITING_MS))]);
}

async function drained(reader: { next(): Promise<readonly ProbedEvent[]> }): Promise<readonly ProbedEvent[]> {
  const events: ProbedEvent[] = [];
  for (let empty = 0; empty < EMPTY_POLLS;) {
    const page = await reader.next();
    events.push(...page);
    empty = page.length === 0 ? empty + 1 : 0;
  }
  return events;
}
