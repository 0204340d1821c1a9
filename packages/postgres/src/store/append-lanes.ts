import type { AppendPace } from './append-pace.ts';
import type { AppendTurn } from './append-turn.ts';

/** One sending. */
export interface Sending {
  readonly turns: readonly AppendTurn[];
  /** The number of the next call when this was sent. */
  readonly next: number;
  as: 'alone' | 'group' | 'apart';
  /** The watch has come by once. */
  isOld: boolean;
}

/** What is under way at the moment, against the pace. What takes too long alone is counted `apart`, as long as there is room. */
export class AppendLanes {
  readonly #pace: AppendPace;
  readonly #freed: () => void;
  /** Those of one append; looked at by the watch. */
  readonly #watched = new Set<Sending>();
  #watch: NodeJS.Timeout | undefined;
  /** Appends under way, but those apart. */
  #underWay = 0;
  #groups = 0;
  #grouped = 0;
  #apart = 0;

  /** @param freed called when there may be room that was not there before. */
  constructor(pace: AppendPace, freed: () => void) {
    this.#pace = pace;
    this.#freed = freed;
  }

  /** How many appends may go alone now. */
  get room(): number {
    return this.#pace.atOnce - this.#underWay;
  }
  get hasRoomForGroup(): boolean {
    return this.#groups < this.#pace.groups;
  }
  get hasRoomApart(): boolean {
    return this.#apart < this.#pace.apart;
  }
  /** Appends that share statements now. */
  get grouped(): number {
    return this.#grouped;
  }

  begin(sending: Sending): void {
    this.#count(sending, 1);
    if (sending.turns.length > 1 || sending.as === 'apart') return;
    this.#watched.add(sending);
    if (this.#watch === undefined) this.#lookRoundLater();
  }

  end(sending: Sending): void {
    this.#watched.delete(sending);
    this.#count(sending, -1);
    this.#freed();
  }

  #count({ as, turns }: Sending, by: 1 | -1): void {
    if (as === 'apart') {
      this.#apart += by;
      return;
    }
    this.#underWay += by * turns.length;
    if (as !== 'group') return;
    this.#groups += by;
    this.#grouped += by * turns.length;
  }

  #lookRoundLater(): void {
    this.#watch = setTimeout(() => this.#lookRound(), this.#pace.stallMs).unref();
  }

  /** Without a clock: who was there already when the watch came by the last time, has been there for a while. */
  #lookRound(): void {
    for (const sending of this.#watched) {
      if (!sending.isOld) sending.isOld = true;
      else if (sending.as !== 'apart' && this.hasRoomApart) {
        this.#count(sending, -1);
        sending.as = 'apart';
        this.#count(sending, 1);
      }
    }
    this.#watch = undefined;
    if (this.#watched.size > 0) this.#lookRoundLater();
    this.#freed();
  }
}
