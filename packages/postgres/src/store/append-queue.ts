import type { AppendOutcome } from '@leftfold/core';
import { LockTimeout } from '../storage-errors.ts';
import { AppendLanes, type Sending } from './append-lanes.ts';
import { AppendLines } from './append-lines.ts';
import type { AppendPace } from './append-pace.ts';
import { AppendQueueFull } from './append-queue-full.ts';
import { AppendTurn } from './append-turn.ts';
import type { AppendCall } from './appends.ts';
import { certainConflict } from './certain-conflict.ts';

/** The answer to one of several appends that were sent together: its outcome; or nothing of it was written; or nobody knows. */
export type SharedAnswer = AppendOutcome | 'alone' | { readonly lost: unknown };

/** How appends get to the database. */
export interface AppendSender {
  alone(call: AppendCall): Promise<AppendOutcome>;
  /** Finds out about one whose connection was lost after it was sent. @param lost the fault. */
  resolve(call: AppendCall, lost: unknown): Promise<AppendOutcome>;
  /** One answer for each, in their order. Rejects only when nothing was sent: that is the answer to all of them. */
  together(calls: readonly AppendCall[]): Promise<readonly SharedAnswer[]>;
}

/** How much waits before the next one is refused. */
export interface AppendQueueLimits {
  readonly appends: number;
  /** Of payloads and replies. */
  readonly bytes: number;
}

/** So many of those in line are told at once that they have lost. The others are when it is their turn, so that a long line costs nobody a look at all of it. */
const LOOKED_AT = 256;

/**
 * Decides when appends of one stream are sent, and which of them together. Its promises:
 *
 * - One that meets no queue goes alone at once. Those that wait share statements, in the order they came.
 * - Of each stream, and of each reply's key, one is under way at a time; the others wait in line, and whoever came first is first: nobody is overtaken by an
 *   append of the same stream, and by others only while his own stream holds him up. But those who come after another one whatever its version is, may follow
 *   it within its group (`canFollow`).
 * - One that could not share, and one that waits for a stranger's lock, go `apart`: they use neither the lanes of groups nor the room of those that go at once.
 * - Aborting rejects at once what waits. What was sent has its outcome, abort or not; what a group gave back unwritten waits again.
 *
 * Not here: SQL, connections, how groups fail. Those are the sender's.
 */
export class AppendQueue {
  readonly #sender: AppendSender;
  readonly #pace: AppendPace;
  readonly #limits: AppendQueueLimits;
  readonly #lines = new AppendLines<AppendTurn>();
  /** First in their lines, by number. */
  readonly #ready: AppendTurn[] = [];
  /** To be sent apart. They keep their places in line. */
  readonly #returned: AppendTurn[] = [];
  readonly #lanes: AppendLanes;
  #isDispatching = false;
  #calls = 0;
  #waiting = 0;
  #waitingBytes = 0;

  constructor(sender: AppendSender, pace: AppendPace, limits: AppendQueueLimits) {
    this.#sender = sender;
    this.#pace = pace;
    this.#limits = limits;
    this.#lanes = new AppendLanes(pace, () => this.#waiting > 0 && this.#dispatchSoon());
  }

  /** @param call of one stream with events. @throws {@link AppendQueueFull} `LF_APPEND_QUEUE_FULL` */
  append(call: AppendCall): Promise<AppendOutcome> {
    const turn = new AppendTurn(call, this.#calls);
    const isFirst = this.#lines.join(turn);
    const goesAtOnce = isFirst && this.#ready.length === 0 && this.#lanes.room > 0;
    if (!goesAtOnce) this.#refuseBeyondLimits(turn);
    this.#calls += 1;
    if (goesAtOnce) this.#send([turn], 'alone');
    else {
      this.#wait(turn);
      if (isFirst) this.#ready.push(turn);
    }
    return turn.outcome;
  }

  #refuseBeyondLimits(turn: AppendTurn): void {
    const { appends: most, bytes: mostBytes } = this.#limits;
    const isTooMany = this.#waiting >= most;
    if (!isTooMany && (this.#waiting === 0 || this.#waitingBytes + turn.bytes <= mostBytes)) return;
    // It came last, so nobody's turn depends on it.
    this.#lines.leave(turn);
    if (isTooMany) throw new AppendQueueFull('appends', most, 'limits.queuedAppends');
    throw new AppendQueueFull('bytes of payloads and replies', mostBytes, 'limits.queuedBytes');
  }

  #wait(turn: AppendTurn): void {
    turn.isWaiting = true;
    this.#waiting += 1;
    this.#waitingBytes += turn.bytes;
    const { signal } = turn.call;
    // Nobody may give up what may be written.
    if (signal !== undefined && turn.lost === undefined) {
      turn.abort = () => this.#abort(turn, signal.reason);
      signal.addEventListener('abort', turn.abort, { once: true });
    }
    this.#dispatchSoon();
  }

  #waitNoMore(turn: AppendTurn): void {
    turn.isWaiting = false;
    this.#waiting -= 1;
    this.#waitingBytes -= turn.bytes;
    if (turn.abort) turn.call.signal?.removeEventListener('abort', turn.abort);
    turn.abort = undefined;
  }

  #abort(turn: AppendTurn, reason: unknown): void {
    this.#waitNoMore(turn);
    for (const list of [this.#ready, this.#returned]) {
      const place = list.indexOf(turn);
      if (place !== -1) list.splice(place, 1);
    }
    this.#leave(turn);
    turn.reject(reason);
  }

  /** Whoever is first in line now, is ready: at the place of his call, not behind those who came after him. */
  #leave(turn: AppendTurn): void {
    for (const next of this.#lines.leave(turn)) {
      // Else it is under way, as a follower.
      if (next.isWaiting) this.#makeReady(next);
    }
  }

  #makeReady(turn: AppendTurn): void {
    if (turn.wasReturned) this.#returned.push(turn);
    else this.#ready.splice(this.#ready.findLastIndex(({ number }) => number < turn.number) + 1, 0, turn);
    this.#dispatchSoon();
  }

  /** After all that happens in this turn of the event loop: who was answered together, often calls again together. */
  #dispatchSoon(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    setImmediate(() => {
      this.#isDispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#returned.length > 0 && this.#lanes.hasRoomApart) this.#send(this.#returned.splice(0, 1), 'apart');
    // Room for all of them: nothing is gained by sharing, but with those who follow.
    if (this.#ready.length <= this.#lanes.room) {
      for (const turn of this.#ready.splice(0)) {
        const together = this.#withFollowers(turn, this.#pace.most.appends);
        this.#send(together, together.length > 1 ? 'group' : 'alone');
      }
    }
    while (this.#ready.length > 0 && this.#lanes.hasRoomForGroup) this.#send(this.#takeGroup(), 'group');
  }

  #takeGroup(): readonly AppendTurn[] {
    const { groups, fewest, most } = this.#pace;
    const fair = Math.max(fewest, Math.ceil((this.#ready.length + this.#lanes.grouped) / groups));
    const appends = Math.min(fair, most.appends);
    const group: AppendTurn[] = [];
    let [taken, events, bytes] = [0, 0, 0];
    for (const turn of this.#ready) {
      const fits = group.length < appends && events + turn.events <= most.events && bytes + turn.bytes <= most.bytes;
      if (group.length > 0 && !fits) break;
      taken += 1;
      for (const one of this.#withFollowers(turn, most.appends - group.length)) {
        if (one !== turn && (events + one.events > most.events || bytes + one.bytes > most.bytes)) break;
        group.push(one);
        events += one.events;
        bytes += one.bytes;
      }
    }
    this.#ready.splice(0, taken);
    return group;
  }

  /** The first of a line, with those behind it that may be sent with it. @param most of them all. */
  #withFollowers(first: AppendTurn, most: number): readonly AppendTurn[] {
    const behind = this.#lines.behind(first, most - 1);
    const end = behind.findIndex((next) => !next.canFollow(first));
    return [first, ...(end === -1 ? behind : behind.slice(0, end))];
  }

  #send(turns: readonly AppendTurn[], as: Sending['as']): void {
    const [first] = turns;
    if (first === undefined) return;
    const sending: Sending = { turns, as, next: this.#calls, isOld: false };
    for (const turn of turns) if (turn.isWaiting) this.#waitNoMore(turn);
    this.#lanes.begin(sending);
    const isShared = turns.length > 1 || (as === 'group' && this.#pace.groupsOfOne);
    void (isShared ? this.#sendTogether(sending) : this.#sendAlone(sending, first));
  }

  async #sendAlone(sending: Sending, turn: AppendTurn): Promise<void> {
    try {
      const outcome = await (turn.lost === undefined
        ? this.#sender.alone(turn.call)
        : this.#sender.resolve(turn.call, turn.lost));
      this.#succeed(turn, outcome);
    } catch (error) {
      this.#fail(turn, error, sending.next);
    } finally {
      this.#lanes.end(sending);
    }
  }

  async #sendTogether(sending: Sending): Promise<void> {
    try {
      const answers = await this.#sender.together(sending.turns.map(({ call }) => call));
      sending.turns.forEach((turn, i) => {
        const answer = answers[i] ?? 'alone';
        if (answer === 'alone') this.#return(turn);
        else if ('lost' in answer) this.#return(turn, answer.lost);
        else this.#succeed(turn, answer);
      });
    } catch (error) {
      for (const turn of sending.turns) this.#fail(turn, error, sending.next);
    } finally {
      this.#lanes.end(sending);
    }
  }

  #return(turn: AppendTurn, lost?: unknown): void {
    turn.lost = lost;
    turn.wasReturned = true;
    this.#wait(turn);
    if (lost === undefined && turn.call.signal?.aborted === true) this.#abort(turn, turn.call.signal.reason);
    // A follower waits in line for the one before it, which is returned with it.
    else if (this.#lines.isFirst(turn)) this.#makeReady(turn);
  }

  #succeed(turn: AppendTurn, outcome: AppendOutcome): void {
    if (outcome.kind === 'appended') this.#tellWhoLost(turn, outcome);
    this.#leave(turn);
    turn.resolve(outcome);
  }

  /** The first in line at once, and before the winner, so that writers of one stream take turns; the others when those two have been sent again. */
  #tellWhoLost(turn: AppendTurn, outcome: AppendOutcome): void {
    const lost: (() => void)[] = [];
    for (const behind of this.#lines.behind(turn, LOOKED_AT)) {
      const conflict = behind.isWaiting ? certainConflict(behind.call, turn.call, outcome) : undefined;
      if (conflict === undefined) continue;
      this.#waitNoMore(behind);
      this.#leave(behind);
      lost.push(() => behind.resolve(conflict));
    }
    lost.shift()?.();
    if (lost.length > 0) setImmediate(() => lost.forEach((tell) => tell()));
  }

  #fail(turn: AppendTurn, error: unknown, next: number): void {
    if (error instanceof LockTimeout) {
      // They have waited for the same lock for as long as this one. Else each in line would add its own time to that of those behind it.
      for (const behind of this.#lines.behind(turn)) {
        if (behind.number >= next || !behind.isWaiting) continue;
        this.#waitNoMore(behind);
        this.#leave(behind);
        behind.reject(error);
      }
    }
    this.#leave(turn);
    turn.reject(error);
  }
}
