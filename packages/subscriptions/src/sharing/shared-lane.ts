import type { Cursor, Lane, Source, SourceRecord } from '../source.ts';
import { Flow } from './flow.ts';
import type { Seat } from './seat.ts';

/** Transactions that are made together, of the followers that were given a batch together. */
export interface Together {
  /** This one makes none, or makes it later. */
  without(reader: string, lane: Lane): void;
}

/** What a {@link SharedLane} needs of the world around it. */
export interface SharedLaneOptions<R extends SourceRecord> {
  readonly source: Pick<Source<R>, 'hasPassed'>;
  readonly together: (lane: Lane, readers: readonly string[]) => Together | undefined;
  /** Somebody is behind: the flow is to be read up to this place. */
  readonly readAside: (lane: SharedLane<R>, flow: Flow<R>, until: Cursor) => AsideReading;
  /** The flow of all stands still for good, and somebody stands elsewhere: the reading is to begin anew. */
  readonly restart: () => void;
}

/** A reading up to an end. */
export interface AsideReading {
  /** It goes on to here. */
  moveOn(until: Cursor): void;
  /** Nobody needs it any more. */
  end(): void;
}
interface Aside {
  until: Cursor;
  readonly reading: AsideReading;
}

/**
 * One lane, and all followers that this process has on it. Most are at its head, in one {@link Flow}; whoever is elsewhere reads on in a flow aside, which ends where the head is, and
 * joins it where the two places are the same text. So nobody waits for anybody, and nothing is read by two who stand at one place.
 */
export class SharedLane<R extends SourceRecord = SourceRecord> {
  readonly name: Lane;
  readonly head: Flow<R>;
  readonly #options: SharedLaneOptions<R>;
  readonly #seats = new Set<Seat<R>>();
  readonly #asides = new Map<Flow<R>, Aside>();
  /** Who has what the head has, or more, though the places differ: it waits until the head has moved. */
  readonly #beyond = new Set<Seat<R>>();
  /** Places from which nothing can be read, with the reason. */
  readonly #dead = new Map<Cursor | 'start', unknown>();

  constructor(name: Lane, options: SharedLaneOptions<R>) {
    this.name = name;
    this.#options = options;
    this.head = new Flow<R>(this);
  }

  get seats(): ReadonlySet<Seat<R>> {
    return this.#seats;
  }
  add(seat: Seat<R>): void {
    this.#seats.add(seat);
  }
  remove(seat: Seat<R>): void {
    this.#seats.delete(seat);
    this.#beyond.delete(seat);
    this.head.leave(seat);
    for (const flow of this.#asides.keys()) flow.leave(seat);
    this.sweep();
  }
  /** Somebody is being asked for his place, and may come soon. */
  isAsking(): boolean {
    return [...this.#seats].some((seat) => seat.at === undefined && !seat.isStopped && !seat.isGone);
  }

  /** Where a seat belongs that stands somewhere and has nothing to do. */
  place(seat: Seat<R>): void {
    this.#place(seat);
    this.sweep();
  }
  #place(seat: Seat<R>): void {
    const { at, home } = seat;
    if (at === undefined || seat.isGone || seat.isStopped) return;
    const dead = this.#dead.get(at);
    if (dead !== undefined) return seat.stop(dead);
    const { head } = this;
    if (head.admit(seat)) return;
    if (home?.isOpening === true && this.#asides.has(home)) return home.wait(seat);
    // It could not even begin, wherever that would have been.
    if (head.isStopped && head.position === undefined) return seat.stop(head.fault);
    if (head.isStopped) this.#options.restart();
    if (!head.isOpen || head.position === undefined) return head.wait(seat);
    for (const flow of this.#asides.keys()) if (flow.admit(seat) || flow.gather(seat)) return;
    if (this.#isOvertaking(seat, head, head.next)) {
      this.#beyond.add(seat);
      head.interrupt();
    } else if (head.position === 'start' || this.#passes(at, head.position)) this.#beyond.add(seat);
    else this.#readAside(seat, head.position);
  }
  #readAside(seat: Seat<R>, until: Cursor): void {
    const flow = new Flow<R>(this);
    flow.gather(seat);
    this.#asides.set(flow, { until, reading: this.#options.readAside(this, flow, until) });
  }

  /** Whether somebody waits who is further than a flow will be after its next batch: then that goes on from there. */
  isOvertaken(flow: Flow<R>, to: Cursor): boolean {
    return flow === this.head && [...this.#beyond].some((seat) => this.#isOvertaking(seat, flow, to));
  }
  /** Where places cannot be compared (a window of the log that is half read), who began further back gives way. */
  #isOvertaking({ at }: Seat<R>, { begun }: Flow<R>, next: Cursor | 'start' | undefined): boolean {
    return !this.#passes(next, at) && this.isFurther(at, begun);
  }
  isFurther(a: Cursor | 'start' | undefined, b: Cursor | 'start' | undefined): boolean {
    return a !== b && this.#passes(a, b) && !this.#passes(b, a);
  }
  #passes(a: Cursor | 'start' | undefined, b: Cursor | 'start' | undefined): boolean {
    if (a === undefined || b === undefined) return false;
    if (b === 'start') return true;
    try {
      return this.#options.source.hasPassed(a, b);
    } catch {
      // A place that is none: whoever has it is told when it is read from.
      return false;
    }
  }

  /** A flow has dealt with a batch. */
  moved(flow: Flow<R>): void {
    if (flow === this.head) {
      for (const seat of this.recall(flow)) this.place(seat);
      return;
    }
    const aside = this.#asides.get(flow);
    if (aside === undefined || !this.#passes(flow.position, aside.until)) return;
    const { head } = this;
    if (!head.admits(flow.position) && head.position !== 'start' && this.isFurther(head.position, flow.position)) {
      aside.until = head.position as Cursor;
      aside.reading.moveOn(aside.until);
      return;
    }
    this.end(flow);
  }
  /** A flow aside is read no more: whoever is in it is placed anew. */
  end(flow: Flow<R>): void {
    const aside = this.#asides.get(flow);
    if (aside === undefined) return;
    this.#asides.delete(flow);
    flow.close();
    aside.reading.end();
    for (const seat of flow.dissolve()) this.#place(seat);
  }
  /** Whether who stands at a place and reads on to an end comes nearer to the head. */
  leadsToHead(end: Cursor, at: Cursor | 'start'): boolean {
    const { isOpen, position } = this.head;
    return this.#passes(end, at) && (!isOpen || this.#passes(position, end) || this.#passes(end, position));
  }
  /**
   * A flow aside stands where its end says nothing any more, since the log goes on in a later generation (L16): it ends, and where the head's place says nothing either that is asked
   * for anew.
   */
  part(flow: Flow<R>): void {
    const { head } = this;
    const { position } = flow;
    if (head.isOpen && !this.#passes(position, head.position) && !this.#passes(head.position, position)) {
      head.close();
      this.#options.restart();
    }
    this.end(flow);
  }
  /** Ends what nobody is in any more, nor about to come back to. */
  sweep(): void {
    for (const flow of this.#asides.keys()) {
      const isAwaited = [...this.#seats].some((seat) => seat.home === flow && seat.at === undefined);
      if (flow.isEmpty && !isAwaited) this.end(flow);
    }
  }
  /** Who waits for the head to move. */
  recall(flow: Flow<R>): readonly Seat<R>[] {
    if (flow !== this.head) return [];
    const waiting = [...this.#beyond];
    this.#beyond.clear();
    return waiting;
  }

  /** Places that those who are away from the head will come to, as far as it is known. */
  expected(flow: Flow<R>): ReadonlySet<Cursor | 'start'> {
    if (flow !== this.head) return new Set();
    const alone = [...this.#seats].flatMap(({ busy }) => (busy === undefined ? [] : [busy.to]));
    return new Set<Cursor | 'start'>([...alone, ...[...this.#asides.values()].map(({ until }) => until)]);
  }
  together(seats: readonly Seat<R>[]): Together | undefined {
    return this.#options.together(
      this.name,
      seats.map(({ reader }) => reader.name),
    );
  }

  faulted(flow: Flow<R>, error: unknown, retryMs: number | null): void {
    if (retryMs !== null) {
      for (const { reader } of this.#concerned(flow)) reader.faulted(this.name, error, retryMs);
      return;
    }
    if (flow.position !== undefined) this.#dead.set(flow.position, error);
    flow.stop(error);
    if (flow !== this.head) this.end(flow);
  }
  recovered(flow: Flow<R>): void {
    for (const { reader } of this.#concerned(flow)) reader.recovered?.(this.name);
  }
  /** Who is in a flow, or about to be: in the head whoever is in none aside. */
  #concerned(flow: Flow<R>): readonly Seat<R>[] {
    const isIn = (seat: Seat<R>, one: Flow<R>): boolean => one.seats.has(seat) || seat.home === one;
    const asides = [...this.#asides.keys()];
    return [...this.#seats].filter((seat) => {
      if (seat.isStopped || seat.isGone) return false;
      return flow === this.head ? !asides.some((aside) => isIn(seat, aside)) : isIn(seat, flow);
    });
  }
  /** The lane is not this process's any more. */
  lose(): void {
    for (const seat of this.#seats) seat.lose();
    this.head.close();
    for (const flow of this.#asides.keys()) this.end(flow);
  }
}
