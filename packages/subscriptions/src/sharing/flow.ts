import type { Batch, Cursor, SourceRecord } from '../source.ts';
import type { Seat } from './seat.ts';
import type { SharedLane } from './shared-lane.ts';

/** How long a batch is held for those who are not done when the first one is: at least, and as long again as that one took. Then they are left behind. */
const PATIENCE_MS = 100;
/** Who opens a lane waits for others that are about to come: so long since the last one came, and so long in all. */
const GATHER_MS = { quiet: 50, most: 1_000 };
/** What is kept of a lane for those who come back soon. */
const KEPT = { records: 1_000, batches: 64 };

/** The source is to ask for the place again: nothing is wrong. Its code is what sources take for "another owner has moved on". */
export class Reopened extends Error {
  readonly code = 'LF_LANE_LOST' as const;
  readonly retryable = true as const;

  constructor() {
    super('the lane is read on from another place');
  }
}

/** A batch on its way through the seats. */
interface Round<R extends SourceRecord> {
  readonly batch: Batch<R>;
  readonly open: Set<Seat<R>>;
  readonly over: PromiseWithResolvers<void>;
  readonly began: number;
  done: number;
  patience: NodeJS.Timeout | undefined;
}

/**
 * One reading of a lane, and the followers that are in step with it: each batch goes to all of them in the same turn, the next one when they are done. A follower
 * that is not done in time, since it is slow or in trouble, is left to itself with its batch, and the others go on; for a while nobody waits for it again. Where nobody is done the batch is held: so with a slow database one
 * batch is dealt with, one is fetched, and no more.
 */
export class Flow<R extends SourceRecord = SourceRecord> {
  readonly #lane: SharedLane<R>;
  readonly #seats = new Set<Seat<R>>();
  readonly #lobby = new Set<Seat<R>>();
  #state: 'closed' | 'opening' | 'open' | 'stopped' = 'closed';
  #position: Cursor | 'start' | undefined;
  #begun: Cursor | 'start' | undefined;
  #round: Round<R> | undefined;
  #kept: readonly Batch<R>[] = [];
  #opened: PromiseWithResolvers<Cursor | 'start'> | undefined;
  /** How often each had been asked for its place when the source asked here: what it said before may not hold any more. */
  #askedBefore: ReadonlyMap<Seat<R>, number> = new Map();
  #gathering: { readonly timer: NodeJS.Timeout; readonly since: number } | undefined;
  #fault: unknown;

  constructor(lane: SharedLane<R>) {
    this.#lane = lane;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }
  get isOpening(): boolean {
    return this.#state === 'opening';
  }
  get isStopped(): boolean {
    return this.#state === 'stopped';
  }
  get fault(): unknown {
    return this.#fault;
  }
  /** Where it stands: before the batch that is being dealt with. */
  get position(): Cursor | 'start' | undefined {
    return this.#position;
  }
  /** Where it was opened. */
  get begun(): Cursor | 'start' | undefined {
    return this.#begun;
  }
  /** Where it stands after what is being dealt with. */
  get next(): Cursor | 'start' | undefined {
    return this.#round?.batch.to ?? this.#position;
  }
  get seats(): ReadonlySet<Seat<R>> {
    return this.#seats;
  }
  get isEmpty(): boolean {
    return this.#seats.size === 0 && this.#lobby.size === 0;
  }

  /** What the source asks: all are asked in turn, since saved places may have changed, and the flow begins where the furthest of them are. */
  async from(signal: AbortSignal): Promise<Cursor | 'start'> {
    this.#round?.over.reject(new Reopened());
    this.#state = 'opening';
    this.#position = undefined;
    this.#kept = [];
    const opened = Promise.withResolvers<Cursor | 'start'>();
    this.#opened = opened;
    const aborted = (): void => opened.reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    this.#askedBefore = new Map([...this.#lane.seats].map((seat) => [seat, seat.asked]));
    for (const seat of [...this.dissolve(), ...this.#lane.recall(this)]) {
      // Who is at work is placed when he is done.
      if (seat.busy === undefined) seat.ask(this.#home);
    }
    this.#lane.sweep();
    try {
      return await opened.promise;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }
  /** Takes a seat in, where it stands in the right place: at the end, before the batch under way, or before one that is still kept. */
  admit(seat: Seat<R>): boolean {
    if (this.#state !== 'open') return false;
    if (seat.at === this.#position) {
      this.#seats.add(seat);
      if (this.#round !== undefined) this.#give(seat, this.#round);
      return true;
    }
    const kept = this.#kept.find(({ from }) => from === seat.at);
    if (kept === undefined) return false;
    void seat.deal(kept).then((isDealt) => {
      if (isDealt) this.#lane.place(seat);
    });
    return true;
  }
  /** Whether {@link admit} would take in who stands there. */
  admits(at: Cursor | 'start' | undefined): boolean {
    return this.#state === 'open' && (at === this.#position || this.#kept.some(({ from }) => from === at));
  }
  /** Has a seat wait until the flow is opened; one that has yet to be asked anew comes back then. */
  wait(seat: Seat<R>): void {
    if (this.#state === 'opening' && seat.asked <= (this.#askedBefore.get(seat) ?? -1)) return seat.ask(this.#home);
    this.#lobby.add(seat);
    this.#gather();
  }
  /** Takes a seat into a flow that is still to be read: the first one, or who stands where that stands. */
  gather(seat: Seat<R>): boolean {
    const [first] = this.#seats;
    if (this.#state !== 'closed' || (first !== undefined && first.at !== seat.at)) return false;
    this.#seats.add(seat);
    return true;
  }
  /** Everybody leaves, to be placed elsewhere. */
  dissolve(): readonly Seat<R>[] {
    const all = [...this.#seats, ...this.#lobby];
    this.#seats.clear();
    this.#lobby.clear();
    return all;
  }
  leave(seat: Seat<R>): void {
    this.#seats.delete(seat);
    this.#lobby.delete(seat);
    this.#gather();
  }

  /** @throws {@link Reopened} where nobody has dealt with it, or it is to go on elsewhere; the signal's reason once it aborts */
  async handle(batch: Batch<R>, signal: AbortSignal): Promise<void> {
    if (this.#state !== 'open' || batch.from !== this.#position || this.#seats.size === 0) throw new Reopened();
    if (this.#lane.isOvertaken(this, batch.to)) throw new Reopened();
    const over = Promise.withResolvers<void>();
    const round: Round<R> = { batch, open: new Set(), over, began: performance.now(), done: 0, patience: undefined };
    this.#round = round;
    const aborted = (): void => over.reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    const seats = [...this.#seats];
    const together = this.#lane.together(seats);
    for (const seat of seats) this.#give(seat, round, () => together?.without(seat.reader.name, seat.lane));
    try {
      await over.promise;
    } finally {
      signal.removeEventListener('abort', aborted);
      clearTimeout(round.patience);
      this.#round = undefined;
      for (const seat of round.open) {
        this.#seats.delete(seat);
        if (round.done > 0) seat.wasInTime(false);
      }
    }
    if (round.done === 0) throw new Reopened();
    this.#position = batch.to;
    this.#keep(batch);
    this.#lane.moved(this);
  }
  /** The batch under way is let go, since the flow is to go on elsewhere. */
  interrupt(): void {
    this.#round?.over.reject(new Reopened());
  }
  /** Nobody reads for it at present. */
  close(): void {
    if (this.#state !== 'stopped') this.#state = 'closed';
    clearTimeout(this.#gathering?.timer);
    this.#gathering = undefined;
    this.#round?.over.reject(new Reopened());
  }
  /** The source reads no further. Whoever has come this far stops with it. */
  stop(fault: unknown): void {
    this.#state = 'stopped';
    this.#fault = fault;
    for (const seat of this.dissolve()) seat.stop(fault);
  }

  #give(seat: Seat<R>, round: Round<R>, ended?: () => void): void {
    round.open.add(seat);
    void seat.deal(round.batch).then((isDealt) => {
      ended?.();
      round.open.delete(seat);
      if (isDealt) {
        round.done += 1;
        if (this.#seats.has(seat)) seat.wasInTime(true);
      } else this.#seats.delete(seat);
      // It was left behind meanwhile.
      if (isDealt && !this.#seats.has(seat)) this.#lane.place(seat);
      const isAwaiting = [...round.open].some((other) => other.isAwaited);
      if (round.open.size === 0 || (round.done > 0 && !isAwaiting)) round.over.resolve();
      else if (round.done > 0) {
        round.patience ??= setTimeout(
          () => round.over.resolve(),
          Math.max(PATIENCE_MS, performance.now() - round.began),
        );
      }
    });
  }

  get #home(): Flow<R> | undefined {
    return this === this.#lane.head ? undefined : this;
  }

  /** What somebody will come to who is away at present stays, within bounds; else nothing. */
  #keep(batch: Batch<R>): void {
    const expected = this.#lane.expected(this);
    if (expected.size === 0) {
      this.#kept = [];
      return;
    }
    const kept = [...this.#kept, batch];
    const records = (): number => kept.reduce((sum, one) => sum + one.records.length, 0);
    while (
      kept.length > KEPT.batches ||
      records() > KEPT.records ||
      (kept[0] !== undefined && !expected.has(kept[0].from))
    )
      kept.shift();
    this.#kept = kept;
  }

  /** Opens as soon as somebody is here, and nobody else is about to come. */
  #gather(): void {
    const since = this.#gathering?.since ?? performance.now();
    clearTimeout(this.#gathering?.timer);
    this.#gathering = undefined;
    if (this.#state !== 'opening' || this.#lobby.size === 0) return;
    const leftMs = since + GATHER_MS.most - performance.now();
    if (leftMs <= 0 || !this.#lane.isAsking()) return this.#open();
    const timer = setTimeout(() => this.#open(), Math.min(GATHER_MS.quiet, leftMs));
    this.#gathering = { timer, since };
  }
  #open(): void {
    if (this.#state !== 'opening') return;
    const groups = Map.groupBy(this.#lobby, ({ at }) => at);
    let first: readonly Seat<R>[] = [];
    for (const group of [...groups.values()].toSorted((a, b) => b.length - a.length)) {
      const [seat] = group;
      const [best] = first;
      if (best === undefined || this.#lane.isFurther(seat?.at, best.at)) first = group;
    }
    const at = first[0]?.at;
    this.#gathering = undefined;
    if (at === undefined) return;
    this.#state = 'open';
    this.#position = this.#begun = at;
    const others = [...this.#lobby].filter((seat) => seat.at !== at);
    this.#lobby.clear();
    for (const seat of first) this.#seats.add(seat);
    this.#opened?.resolve(at);
    for (const seat of others) this.#lane.place(seat);
  }
}
