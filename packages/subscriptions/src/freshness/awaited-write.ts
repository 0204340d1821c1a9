import { RELAY } from '../checkpoints.ts';
import { INLINE } from '../inline/inline.ts';
import type { LookedUpTransaction, Progress, ProgressLook } from '../progress.ts';
import type { Lane, Source } from '../source.ts';
import type { Log } from '../storage.ts';
import type { AwaitedFollower } from './awaited-follower.ts';
import { fedBy, foundOf, type Places } from './fed-by.ts';
import { tokenForeign } from './freshness-errors.ts';
import { judgedPlaces } from './judged-places.ts';
import type { WrittenPlace, WrittenTransaction } from './read-token.ts';
import { AwaitedLog } from './awaited-log.ts';
import { relayReached } from './relay-reached.ts';
import { hasReached, neededFor, type Needed } from './topic-reached.ts';

/** What is asked to find out how far it is. */
export interface AwaitedBy {
  readonly progress: Progress;
  /** Those of brokers, for followers that are fed from topics. */
  readonly sources: readonly Source[];
}

/**
 * One transaction that one follower is to have applied. From the log it has when the transaction is visible in the place of the streams' lane; from a topic, when the relay's cursor
 * sees it, and the numbers that were saved with that cursor are reached. By no position: one that was drawn earlier may be committed later (hazard C14).
 */
export class AwaitedWrite {
  readonly follower: AwaitedFollower;
  readonly written: WrittenTransaction;
  readonly #by: AwaitedBy;
  /** Where the events are that concern the follower; until that is looked up, where any is. */
  #places: readonly WrittenPlace[];
  #isLookedUp = false;
  /** Remembered: the relay goes on, and whoever waited for where it stands now would wait as long as others write. */
  readonly #needed = new Map<string, Needed>();
  #last: ProgressLook | undefined;

  constructor(follower: AwaitedFollower, written: WrittenTransaction, by: AwaitedBy) {
    this.follower = follower;
    this.written = written;
    this.#by = by;
    this.#places = written.places;
  }

  /** It is to be looked up what the transaction wrote. */
  get isUnknown(): boolean {
    return !this.#isLookedUp;
  }

  /**
   * Whether it is applied, by a look that was asked of the follower, the relay and the transaction; `'earlier'`: the log is in another generation by now, in which the id says nothing.
   * @throws `LF_TOKEN_FOREIGN` · `LF_FRESHNESS_UNKNOWN`
   */
  verdict(look: ProgressLook): 'applied' | 'pending' | 'earlier' {
    const { written, follower } = this;
    refuseForeign(written, look);
    if (written.generation !== look.log.generation) return 'earlier';
    if (!this.#isLookedUp) this.#lookUp(look.transactions.get(written.transaction));
    this.#last = look;
    if (this.#places.length === 0 || follower.isInline) return 'applied';
    return this.#isBeyond(fedBy(foundOf(look, follower.id)), look) ? 'applied' : 'pending';
  }

  /** The same between two looks, by the places of this kind where the follower stands meanwhile in this process, all lanes of them. */
  isBeyond(kind: string, places: Places): boolean {
    return this.#last !== undefined && this.#isBeyond(new Map([[kind, places]]), this.#last);
  }
  /** The relay's numbers matter to it, as far as it is known. */
  get asksRelay(): boolean {
    if (this.#by.sources.length === 0) return false;
    const kinds = this.#last && [...fedBy(foundOf(this.#last, this.follower.id)).keys()];
    return kinds === undefined || kinds.length === 0 || kinds.some((kind) => kind !== 'log' && kind !== INLINE);
  }

  /** For a log in a later generation than the write's: waits for all that stands in its lanes. */
  asLog(log: Pick<Log, 'hasPassed' | 'lanes'>): AwaitedLog {
    const hashes = this.written.places.map(({ hash }) => hash);
    return new AwaitedLog(this.follower, { log, sources: this.#by.sources, hashes });
  }

  #lookUp(found: LookedUpTransaction | undefined): void {
    // While it runs, nobody can see what it has written.
    if (found === undefined || !found.isOver) return;
    this.#isLookedUp = true;
    const { types } = this.follower;
    if (found.events !== undefined) this.#places = found.events.filter(({ type }) => types?.has(type) ?? true);
  }

  #isBeyond(fed: ReadonlyMap<string, Places>, look: ProgressLook): boolean {
    // Where it is followed as well, a writer that does not apply it inline may have written this.
    if (fed.size === 1 && fed.has(INLINE)) return true;
    return judgedPlaces(fed, this.#by.sources, this.follower.id).some(({ places, source }) => {
      if (source === undefined)
        return this.#places.every(({ hash }) => this.#laneBeyond(places, look, hash) !== undefined);
      return this.#places.every(({ topic, hash }) => {
        if (topic === null) return true;
        const needed = this.#neededOf(look, topic, hash);
        return needed === 'nothing' || (needed !== undefined && hasReached(source, places, needed));
      });
    });
  }

  #laneBeyond(places: Places, { log }: ProgressLook, hash: number): Lane | undefined {
    const { transaction } = this.written;
    return this.#by.progress.laneBeyond(places, { log, transaction, hash });
  }

  /**
   * First the relay's cursor, then the numbers that were saved with it: whatever stands before the cursor was given a number below the next one of its partition. The same of where the batch
   * ends that it sends now, since its numbers are settled before that. `undefined`: the relay has not come so far.
   */
  #neededOf(look: ProgressLook, topic: string, hash: number): Needed | 'nothing' | undefined {
    const name = `${look.log.generation} ${hash} ${topic}`;
    const known = this.#needed.get(name);
    if (known !== undefined) return known;
    const { saved, settled, atSaved, atSettled } = relayReached(foundOf(look, RELAY));
    const sentOn = this.#laneBeyond(saved, look, hash);
    const lane = sentOn ?? this.#laneBeyond(settled, look, hash);
    if (lane === undefined) return undefined;
    const ledger = (sentOn === undefined ? atSettled : atSaved).get(lane);
    const needed = ledger && neededFor(ledger, topic, hash);
    if (needed === undefined) return 'nothing';
    this.#needed.set(name, needed);
    return needed;
  }
}

/** @throws `LF_TOKEN_FOREIGN` */
function refuseForeign({ log, generation, transaction }: WrittenTransaction, look: ProgressLook): void {
  const { id, generation: now } = look.log;
  if (log !== id) throw tokenForeign(`is of the log ${log}, this one is ${id}`);
  if (generation > now)
    throw tokenForeign(
      `is of generation ${generation} of its log, which is in ${now}, as before that: it was restored`,
    );
  if (generation === now && transaction >= look.next)
    throw tokenForeign(`names transaction ${transaction}, which its log has not given out`);
}
