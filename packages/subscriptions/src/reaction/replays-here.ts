import type { Checkpoints } from '../checkpoints.ts';
import type { Lane } from '../source.ts';

/** Is told that a lane of the reaction was sent back. */
type Listener = (lane: Lane) => void;

const listeners = new WeakMap<Checkpoints, Map<string, Set<Listener>>>();

/** A hint: whoever follows in this process with these checkpoints hears of a replay at once. Others find it in the checkpoints. */
export function announceReplay(checkpoints: Checkpoints, reaction: string, lane: Lane): void {
  for (const listener of listeners.get(checkpoints)?.get(reaction) ?? []) listener(lane);
}

/** Calls back at each {@link announceReplay} from now on, until what it answers is called. */
export function onReplay(checkpoints: Checkpoints, reaction: string, listener: Listener): () => void {
  const byName = listeners.get(checkpoints) ?? new Map<string, Set<Listener>>();
  const all = byName.get(reaction) ?? new Set<Listener>();
  listeners.set(checkpoints, byName.set(reaction, all.add(listener)));
  return () => {
    all.delete(listener);
    if (all.size === 0 && byName.get(reaction) === all) byName.delete(reaction);
  };
}
