import type { Decision } from './deciding.ts';
import type { KeyChange, UniqueKey } from './event-store.ts';
import type { StreamRef } from './message.ts';

/** The changes of unique keys that a decision asks for, as a store takes them. */
export function decidedKeys(
  stream: StreamRef,
  { reserve = [], release = [] }: Decision<unknown>,
): readonly KeyChange[] {
  return [
    ...release.map(([name, value]): KeyChange => ({ stream, change: 'release', key: [name, value] })),
    ...reserve.map(([name, value]): KeyChange => ({ stream, change: 'reserve', key: [name, value] })),
  ];
}

/** What a decision says when another stream holds one of its keys: its own refusal, for the first reservation of that key. */
export function refusalOfTaken({ reserve = [] }: Decision<unknown>, [name, value]: UniqueKey): unknown {
  const taken = reserve.find(([ofName, ofValue]) => ofName === name && ofValue === value);
  return taken?.[2] ?? new RangeError(`the store says that the key ${name} is taken, which nobody asked for`);
}
