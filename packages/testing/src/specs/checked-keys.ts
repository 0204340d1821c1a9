import { checkKeyChanges } from '@leftfold/core';
import type { AnyDecider, KeyChange, UniqueKey } from '@leftfold/core';
import { fail } from './expect-equal.ts';

/** Holds the keys of a decision to what every store takes. @throws `AssertionError` naming the part */
export function checkKeys(decider: AnyDecider, command: string, keys: readonly UniqueKey[]): void {
  const stream = decider.stream('spec');
  try {
    checkKeyChanges(keys.map((key): KeyChange => ({ stream, change: 'reserve', key })));
  } catch (error) {
    fail(`'${command}' decided a unique key that no store takes: ${(error as Error).message}`);
  }
}
