import {
  early,
  elsewhere,
  isolated,
  long,
  persevering,
  prepared,
  savepoints,
  terminated,
  twice,
} from './callers-transactions.ts';
import {
  abandoned,
  again,
  alone,
  burst,
  keyed,
  misused,
  race,
  reading,
  reserving,
  sharedId,
  together,
} from './own-calls.ts';
import type { Writer } from './writer.ts';

/** One thing a writer does. It records what it does, and throws only when it could not begin. */
export type Kind = (writer: Writer) => Promise<void>;

/** All kinds, each as often as it should come up. */
export const KINDS: readonly Kind[] = [
  ...times(5, alone),
  ...times(3, together),
  ...times(3, race),
  ...times(2, burst),
  ...times(3, keyed),
  ...times(3, reserving),
  ...times(3, again),
  misused,
  sharedId,
  abandoned,
  ...times(3, reading),
  ...times(4, early),
  ...times(2, persevering),
  ...times(3, savepoints),
  ...times(2, twice),
  long,
  ...times(2, isolated),
  terminated,
  ...times(3, prepared),
  elsewhere,
];

function times(count: number, kind: Kind): readonly Kind[] {
  return Array.from({ length: count }, () => kind);
}
