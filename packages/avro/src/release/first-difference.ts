import { isDeepStrictEqual } from 'node:util';
import type { t } from '@leftfold/core';

/** Where two values in stored JSON form begin to differ, as `total.cents`; `''` when they differ as a whole. */
export function firstDifference(one: t.Json | undefined, other: t.Json | undefined): string {
  const path: string[] = [];
  let [a, b] = [one, other];
  while (isObject(a) && isObject(b)) {
    const [left, right]: readonly [Members, Members] = [a, b];
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    const key = names.find((name) => !isDeepStrictEqual(left[name], right[name]));
    if (key === undefined) break;
    path.push(key);
    [a, b] = [left[key], right[key]];
  }
  return path.join('.');
}

type Members = { readonly [key: string]: t.Json | undefined };
/** A list counts as one, by its indices. */
const isObject = (value: t.Json | undefined): value is Members & t.Json => typeof value === 'object' && value !== null;
