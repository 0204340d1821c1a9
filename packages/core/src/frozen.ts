import { isPlainObject } from './schema/plain-object.ts';

/**
 * A state that is kept beyond one command, so that nobody can change it by mistake: its plain objects and arrays are frozen, at any depth. Returns the
 * same value. What is frozen already is not visited again: after a fold that copies what it changes, that is all but the copies, so it
 * costs about what the fold itself does. `Date`, `Map` and other instances cannot be frozen, and are left alone.
 */
export function frozen<T>(state: T): T {
  if (typeof state !== 'object' || state === null || Object.isFrozen(state)) return state;
  const isList = Array.isArray(state);
  if (!isList && !isPlainObject(state)) return state;
  // First itself: a cycle ends here.
  Object.freeze(state);
  for (const member of isList ? state : Object.values(state)) frozen<unknown>(member);
  return state;
}
