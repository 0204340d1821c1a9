import { AtEvent } from './at-event.ts';
import { fullJitter } from './backoff.ts';
import { LaneLost, type FollowerId } from '../checkpoints.ts';
import { pause, untilAborted } from './pause.ts';
import { AGAIN, RERUN, RERUNS, WAIT, recoveryOf } from './recovery.ts';
import type { Lane } from '../source.ts';
import type { StatusBoard } from './status-board.ts';

/** What a piece of work belongs to. */
export interface Work {
  readonly follower: FollowerId;
  readonly lane: Lane;
  readonly board: StatusBoard;
  /** The source's, for this lane: ends everything. */
  readonly signal: AbortSignal;
  /** Ends the work: `signal`, or the loss of the lane. */
  readonly interrupted: AbortSignal;
  /** Called when the lane stands still, so that a process with newer code may take it. */
  readonly giveBack: (lane: Lane) => Promise<void>;
  /** What follows a pause before an event that is newer than the code: the same `'again'`, or the lane is claimed anew. */
  readonly afterWait: 'again' | 'reclaim';
}

/**
 * Does a piece of work as often as it takes, by the closed set of {@link recoveryOf}; the status says meanwhile what is the matter. Answers what the
 * work answers. A lane that stops keeps this pending until `signal` aborts.
 * @throws {@link LaneLost} when the lane has to be claimed again; the signal's reason once it aborts
 */
export async function untilDone<T>(work: Work, attempt: () => Promise<T>): Promise<T> {
  const { follower, lane, board, signal, interrupted } = work;
  for (let failures = 0, races = 0; ;) {
    interrupted.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      interrupted.throwIfAborted();
      const recovery = recoveryOf(error instanceof AtEvent ? error.cause : error);
      if (recovery === 'reclaim') throw error;
      if (recovery === 'stop') {
        board.set(lane, 'stopped', error);
        await work.giveBack(lane);
        return untilAborted(signal);
      }
      if (recovery === 'wait') {
        board.set(lane, 'waiting', error);
        if (work.afterWait === 'reclaim') await work.giveBack(lane);
        await pause(waitMs(board, lane), signal);
        if (work.afterWait === 'reclaim') throw new LaneLost(follower, lane);
      } else if (recovery === 'rerun' && races < RERUNS) {
        races += 1;
        await pause(fullJitter(races, RERUN), interrupted);
      } else {
        failures += 1;
        board.set(lane, 'retrying', error);
        await pause(fullJitter(failures, AGAIN), interrupted);
      }
    }
  }
}

/** As long again as it has been waited already, within bounds: a backoff that survives claiming the lane anew. */
function waitMs(board: StatusBoard, lane: Lane): number {
  const since = board.lane(lane)?.since.getTime() ?? Date.now();
  const most = Math.min(WAIT.capMs, Math.max(WAIT.baseMs, Date.now() - since));
  return most / 2 + (Math.random() * most) / 2;
}
