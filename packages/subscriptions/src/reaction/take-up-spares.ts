import { keepingClock } from '../clock.ts';
import { pause } from '../following/pause.ts';
import type { Running } from '../following/running.ts';
import type { Lane } from '../source.ts';

/** How long the source has to ask for a lane by itself. */
const ASK_MS = 1_000;

/**
 * Sees to lanes that have come back to this process while nothing came on them: the source had lost them, and would ask for them when the next event comes; until then nobody would carry out what
 * was requested of their parked events. So it is told to ask, as soon as nothing is under way that would be told to end by that.
 * @param isOpen whether the lane is ours, and was asked for
 * @param ask told to ask for all places anew
 */
export function takeUpSpares(
  running: Pick<Running, 'onChange' | 'status'>,
  {
    isOpen,
    ask,
    ended,
  }: { readonly isOpen: (lane: Lane) => boolean; readonly ask: () => void; readonly ended: AbortSignal },
): void {
  const ours = new Set<Lane>();
  const isBusy = (): boolean => running.status().lanes.some(({ underWay }) => underWay !== undefined);
  const takeUp = keepingClock(async (lane: Lane): Promise<void> => {
    for (;;) {
      await pause(ASK_MS, ended);
      if (!ours.has(lane) || isOpen(lane)) return;
      if (!isBusy()) return ask();
    }
  });
  running.onChange((change) => {
    if (change.kind === 'given-back' || change.kind === 'lost') ours.delete(change.lane);
    if (change.kind !== 'claimed') return;
    ours.add(change.lane);
    void takeUp(change.lane).catch(() => {});
  });
}
