import { InputInvalid } from './errors.ts';
import type { KeyChange } from './event-store.ts';
import { utf8Length } from './text.ts';

const LIMITS = [
  ['name', 100],
  ['value', 1_000],
] as const;

/**
 * What a store checks of the unique keys of a call, before anything is sent.
 * @throws {@link InputInvalid} `LF_UNIQUE_KEY_INVALID` for a name or value out of bounds, and for a key that two streams of one call take
 */
export function checkKeyChanges(changes: readonly KeyChange[]): void {
  const takers = new Map<string, string>();
  changes.forEach(({ stream, change, key }, index) => {
    LIMITS.forEach(([part, most], at) => {
      const fault = faultOf(key[at], most);
      if (fault !== undefined) throw invalid(`the ${part} of a unique key (keys[${index}].key[${at}]) ${fault}`);
    });
    if (change !== 'reserve') return;
    const scoped = JSON.stringify([stream.tenant, ...key]);
    const other = takers.get(scoped);
    if (other !== undefined && other !== stream.id) {
      throw invalid(
        `the key ${key[0]} (keys[${index}]) is taken by ${other} and ${stream.id} in one call; leave one out`,
      );
    }
    takers.set(scoped, stream.id);
  });
}

function faultOf(text: unknown, most: number): string | undefined {
  if (typeof text !== 'string') return `is ${text === null ? 'null' : `a ${typeof text}`}; give a text`;
  if (!text.isWellFormed()) return 'holds a lone surrogate; cut texts between whole characters';
  if (text.includes('\0')) return 'holds NUL; leave it out';
  const bytes = utf8Length(text);
  return bytes >= 1 && bytes <= most ? undefined : `is ${bytes} bytes; the limits are 1 and ${most}`;
}

const invalid = (message: string): InputInvalid =>
  new InputInvalid('LF_UNIQUE_KEY_INVALID', `${message}; nothing was written`);
