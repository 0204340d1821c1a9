import type { Checkpoints, FollowerId } from '../checkpoints.ts';
import { pause } from '../following/pause.ts';
import { nothingBehind } from '../observation/nothing-behind.ts';
import { INLINE_LANE } from '../inline/inline.ts';
import type { Cursor, Lane, Source, SourceRecord } from '../source.ts';
import type { Storage } from '../storage.ts';
import type { VersionState } from '../versions.ts';

/** Between two looks while a version is building. A live one is not looked at. */
const LOOK_MS = 1_000;

/** A follower whose version is to become live. */
export interface Building {
  readonly follower: FollowerId;
  readonly source: Source<SourceRecord>;
  readonly storage: Pick<Storage, 'checkpoints' | 'versions'>;
}

/**
 * Makes a version live once its follower has passed, on every lane, the end that stood there when this began: by the saved places, whichever process moved them. Until then
 * somebody looks once a second; afterwards nobody does. Faults are tried again, silently: the follower itself says what is away.
 */
export class BecomingLive {
  readonly #building: Building;
  readonly #halt = new AbortController();
  readonly #ended: Promise<void>;
  #heads: ReadonlyMap<Lane, Cursor> | undefined;
  #isOver = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(building: Building) {
    this.#building = building;
    this.#ended = this.#run();
  }

  /** Looks now, besides the regular times. Never rejects. */
  look(): Promise<void> {
    return (this.#looking = this.#looking.then(() => this.#look()).catch(() => undefined));
  }
  /** No look begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#halt.abort();
    await this.#ended;
    await this.#looking;
  }

  async #run(): Promise<void> {
    const { signal } = this.#halt;
    while (!signal.aborted && !this.#isOver) {
      await this.look();
      if (!this.#isOver) await pause(LOOK_MS, signal).catch(() => undefined);
    }
  }
  async #look(): Promise<void> {
    if (this.#isOver || this.#halt.signal.aborted) return;
    const { follower, source, storage } = this.#building;
    if (this.#heads === undefined) {
      const state = await storage.versions.following(follower);
      // While the database was away it could not be registered; its table is made when the first lane is opened.
      if (state === undefined) return;
      if (state === 'live') return this.#end();
      this.#heads = await source.head();
    }
    if (!(await hasPassedAll(source, storage.checkpoints, follower, this.#heads))) {
      this.#heads = comparable(source, this.#heads, await source.head());
      return;
    }
    const state: VersionState | undefined = await storage.versions.passed(follower);
    // One that is held becomes live by hand: there is nothing more to do here.
    if (state !== undefined) this.#end();
  }
  #end(): void {
    this.#isOver = true;
    this.#halt.abort();
  }
}

/**
 * These ends, or the present ones where those are of another log by now, since its generation was raised, or of a topic that was made anew: which nothing present has passed, so that nobody ever
 * would. The version is then live a little later than it might be, never sooner.
 */
function comparable(
  source: Source<SourceRecord>,
  heads: ReadonlyMap<Lane, Cursor>,
  now: ReadonlyMap<Lane, Cursor>,
): ReadonlyMap<Lane, Cursor> {
  const isOfBefore = [...heads].some(([lane, head]) => !source.hasPassed(now.get(lane) ?? 'start', head));
  return isOfBefore ? now : heads;
}

/** Whether the saved places of a follower have passed these ends. */
async function hasPassedAll(
  source: Source<SourceRecord>,
  checkpoints: Checkpoints,
  follower: FollowerId,
  heads: ReadonlyMap<Lane, Cursor>,
): Promise<boolean> {
  const rows = (await checkpoints.list(follower)).filter(({ lane }) => lane !== INLINE_LANE);
  const saved = new Map(rows.map(({ lane, cursor }) => [lane, cursor]));
  const short = [...heads].filter(([lane, head]) => !source.hasPassed(saved.get(lane) ?? 'start', head));
  const nothing = await nothingBehind(
    source,
    saved,
    short.map(([lane]) => lane),
  );
  return short.every(([lane]) => nothing.has(lane));
}
