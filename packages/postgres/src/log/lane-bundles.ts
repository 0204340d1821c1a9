import type { LogReader, LogRecord } from '@leftfold/subscriptions';
import { laneOfHash } from './lane-class.ts';
import type { LogPage, LogPages, Window } from './log-pages.ts';
import type { LogPlace } from './log-place.ts';
import type { LogTip } from './log-tip.ts';
import { covers, snapshotText, type Snapshot } from './snapshot.ts';

/**
 * How long lanes that stand at one place wait for another one of theirs. About what a page of its own would cost: longer would hold the others up, not at all
 * would part them for a trifle. What is read does not depend on it.
 */
const PATIENCE_MS = 20;

/** A page of those who are behind others in a window holds so many times a batch's events, so that they come nearer. */
const STRIDE = 2;

/** A window with at most so many times a batch's events is sorted for each page; a larger one is read along the primary key. */
export const SMALL_WINDOW_BATCHES = 4;

/** What the lanes of one run read, and with what. */
export interface LaneBundlesOptions {
  readonly pages: Pick<LogPages, 'page'>;
  readonly tip: Pick<LogTip, 'after' | 'upTo'>;
  readonly only: LogReader['only'] | undefined;
  readonly lanes: number;
  readonly batchSize: number;
}

/** What a lane asks for: what comes next at a place, on the way to an end, if it has one. */
export interface NextOptions {
  readonly lane: number;
  readonly place: LogPlace;
  readonly until: LogPlace | undefined;
  /** The database was reached, and nothing is new: {@link LogTip.after}. */
  readonly reached: () => void;
}

interface Asking {
  readonly reached: () => void;
  readonly resolve: (pages: readonly LogPage[] | undefined) => void;
  readonly reject: (error: unknown) => void;
}
/** Lanes that ask for the same. */
interface Bundle {
  readonly key: string;
  readonly place: LogPlace;
  readonly until: LogPlace | undefined;
  readonly asking: Map<number, Asking>;
  readonly left: AbortController;
  patience: NodeJS.Timeout | undefined;
  isUnderWay: boolean;
}
interface Standing {
  readonly key: string;
  readonly place: LogPlace;
}
/** Where a lane asks, or will ask next as far as it is known: at a place, or at the end of a window. `undefined`: nobody waits for it. */
type Whereabouts = Standing | { readonly end: string } | 'anywhere' | undefined;

/** Of an empty one there is no page that says the generation. */
type OpenWindow = Window & { readonly emptyIn: number | undefined };

/**
 * The lanes of one run, read together. Lanes that stand at the same place are a bundle: one poll and one query for all of them, and its rows are dealt out
 * here. One that stands elsewhere, or is not back in time from what it was given, is read by itself, and since all windows of a storage end at the same
 * boundaries ({@link LogTip}) it comes to stand where the others are, and joins them.
 */
export class LaneBundles {
  readonly #options: LaneBundlesOptions;
  readonly #bundles = new Map<string, Bundle>();
  readonly #whereabouts = new Map<number, Whereabouts>();
  /** The ends of small windows that are being read, by their beginnings. */
  readonly #small = new WeakMap<Snapshot, Snapshot>();

  constructor(options: LaneBundlesOptions) {
    this.#options = options;
  }

  /** The lane is on its way: it will ask for something soon. */
  expect(lane: number): void {
    this.#whereabouts.set(lane, 'anywhere');
  }
  /** The lane will ask for nothing any more. */
  forget(lane: number): void {
    this.#whereabouts.set(lane, undefined);
    this.#lookAll();
  }

  /**
   * What a lane gets next, in parts of at most a batch, each from where the one before ends; waits for it. `undefined` when aborted.
   * @throws what polls and pages throw, to all lanes of the bundle
   */
  next({ lane, place, until, reached }: NextOptions, signal: AbortSignal): Promise<readonly LogPage[] | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const { promise, resolve, reject } = Promise.withResolvers<readonly LogPage[] | undefined>();
    const key = keyOf(place, until);
    const bundle = this.#bundles.get(key) ?? newBundle(key, place, until);
    this.#bundles.set(key, bundle);
    const leave = (): void => {
      asking.resolve(undefined);
      this.#leave(bundle, lane);
    };
    const done = (): void => signal.removeEventListener('abort', leave);
    const asking: Asking = {
      reached,
      resolve: (pages) => {
        done();
        resolve(pages);
      },
      reject: (error) => {
        done();
        reject(error);
      },
    };
    signal.addEventListener('abort', leave);
    bundle.asking.set(lane, asking);
    this.#whereabouts.set(lane, { key, place });
    this.#lookAll();
    return promise;
  }

  #leave(bundle: Bundle, lane: number): void {
    bundle.asking.delete(lane);
    this.#whereabouts.set(lane, undefined);
    if (bundle.asking.size === 0) {
      clearTimeout(bundle.patience);
      bundle.left.abort();
      if (this.#bundles.get(bundle.key) === bundle) this.#bundles.delete(bundle.key);
    }
    this.#lookAll();
  }

  #lookAll(): void {
    for (const bundle of this.#bundles.values()) this.#look(bundle);
  }
  /** Sets a bundle off when all are there that belong to it; a little later without those that are not. */
  #look(bundle: Bundle): void {
    if (bundle.isUnderWay) return;
    if (this.#missing(bundle).length === 0) return this.#setOff(bundle);
    bundle.patience ??= setTimeout(() => {
      // Waited for once; they are counted in again when they ask for something.
      for (const lane of this.#missing(bundle)) this.#whereabouts.set(lane, undefined);
      this.#lookAll();
    }, PATIENCE_MS);
  }
  #missing({ key, place, asking }: Bundle): readonly number[] {
    const end = place.to === undefined ? snapshotText(place.from) : undefined;
    return [...this.#whereabouts].flatMap(([lane, at]) => {
      if (at === undefined || asking.has(lane)) return [];
      const isComing = at === 'anywhere' || ('key' in at ? at.key === key : at.end === end);
      return isComing ? [lane] : [];
    });
  }

  #setOff(bundle: Bundle): void {
    clearTimeout(bundle.patience);
    bundle.isUnderWay = true;
    this.#fetch(bundle).catch((error: unknown) => {
      this.#close(bundle);
      for (const [lane, { reject }] of bundle.asking) {
        this.#whereabouts.set(lane, undefined);
        reject(error);
      }
      this.#lookAll();
    });
  }

  async #fetch(bundle: Bundle): Promise<void> {
    const { pages, only, lanes, batchSize } = this.#options;
    const { asking, place } = bundle;
    const window = await this.#window(bundle);
    // As long as the window was not open, others could join.
    this.#close(bundle);
    if (window === undefined || asking.size === 0) return;
    const among = [...asking.keys()];
    const ahead = this.#placeAhead(bundle, window);
    const end: Whereabouts = ahead ?? { end: snapshotText(window.to) };
    for (const lane of among) this.#whereabouts.set(lane, end);
    const isAll = among.length === lanes;
    const upTo = ahead?.place.position ?? endWithin(window, bundle.until);
    const filter = { only, lanes: isAll ? undefined : { among, of: lanes }, upTo };
    const most = batchSize * among.length * (ahead === undefined ? 1 : STRIDE);
    const page =
      window.emptyIn === undefined
        ? await pages.page(window, place.position, filter, most)
        : pageWithout(window, window.emptyIn);
    const stands = { key: keyOf(page.to, bundle.until), place: page.to };
    const records = among.length === 1 ? undefined : Map.groupBy(page.records, ({ hash }) => laneOfHash(hash, lanes));
    for (const [lane, { resolve }] of asking) {
      this.#whereabouts.set(lane, stands);
      resolve(inBatches(page, records === undefined ? page.records : (records.get(lane) ?? []), batchSize));
    }
    this.#lookAll();
  }

  /** The next place in the window where others of this run stand: to go no further is to meet them there. */
  #placeAhead({ place, until, asking }: Bundle, { from, to }: Window): Standing | undefined {
    let nearest: Standing | undefined;
    const end = endWithin({ from, to }, until);
    for (const [lane, at] of this.#whereabouts) {
      if (at === undefined || at === 'anywhere' || !('place' in at) || asking.has(lane)) continue;
      const { position } = at.place;
      const isNearer = nearest === undefined || position < nearest.place.position;
      const isAhead = position > place.position && isNearer && (end === undefined || position <= end);
      if (isAhead && at.key === keyOf({ from, to, position }, until)) nearest = at;
    }
    return nearest;
  }

  /** The window that the bundle reads in; one that is not open yet is opened for all of it. */
  async #window({ place, until, left, asking }: Bundle): Promise<OpenWindow | undefined> {
    const { tip, batchSize } = this.#options;
    const { from, to } = place;
    // Met in its midst, a window counts as large: that is always right.
    if (to !== undefined) return { from, to, isSmall: this.#small.get(from) === to, emptyIn: undefined };
    const reached = (): void => {
      for (const lane of asking.values()) lane.reached();
    };
    const end = until && nextEnd(from, until);
    const boundary = await (end === undefined ? tip.after(from, left.signal, reached) : tip.upTo(end, from));
    if (boundary === undefined) return undefined;
    const isSmall = boundary.fresh <= batchSize * SMALL_WINDOW_BATCHES;
    if (isSmall) this.#small.set(from, boundary.to);
    return { from, to: boundary.to, isSmall, emptyIn: boundary.hasEvents ? undefined : boundary.generation };
  }

  #close(bundle: Bundle): void {
    if (this.#bundles.get(bundle.key) === bundle) this.#bundles.delete(bundle.key);
  }
}

const newBundle = (key: string, place: LogPlace, until: LogPlace | undefined): Bundle => ({
  key,
  place,
  until,
  asking: new Map(),
  left: new AbortController(),
  patience: undefined,
  isUnderWay: false,
});

const keyOf = (place: LogPlace, until: LogPlace | undefined): string =>
  until === undefined ? placeText(place) : `${placeText(place)} until ${placeText(until)}`;
const placeText = ({ from, to, position }: LogPlace): string =>
  `${snapshotText(from)}/${to === undefined ? '' : snapshotText(to)}/${position}`;

/** Where the next window ends of a reader that goes no further than `until`: windows end there, so that nothing beyond is read. */
function nextEnd(from: Snapshot, until: LogPlace): Snapshot | undefined {
  const end = covers(from, until.from) ? until.to : until.from;
  return end !== undefined && covers(end, from) ? end : undefined;
}

/** Where a reader ends in the midst of a window. It goes no further there, so that it stands where the one stood whose place it is. */
function endWithin({ from, to }: Pick<Window, 'from' | 'to'>, until: LogPlace | undefined): bigint | undefined {
  if (until?.to === undefined || until.position === 0n) return undefined;
  const isSame = snapshotText(from) === snapshotText(until.from) && snapshotText(to) === snapshotText(until.to);
  return isSame ? until.position : undefined;
}

function pageWithout({ from, to }: Window, generation: number): LogPage {
  return { records: [], at: { from, to, position: 0n }, to: { from: to, position: 0n }, generation };
}

/** A page, as far as it is a lane's, in batches; the last one ends where the page does. */
function inBatches({ at, to, generation }: LogPage, records: readonly LogRecord[], size: number): readonly LogPage[] {
  if (records.length <= size) return [{ records, at, to, generation }];
  const batches: LogPage[] = [];
  let from = at;
  for (let i = 0; i < records.length; i += size) {
    const part = records.slice(i, i + size);
    const end = i + size >= records.length ? to : { ...at, position: (part.at(-1) as LogRecord).position };
    batches.push({ records: part, at: from, to: end, generation });
    from = end;
  }
  return batches;
}
