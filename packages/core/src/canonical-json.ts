import { toBase64 } from './base64.ts';
import { InputInvalid } from './errors.ts';
import { pathText } from './schema/issue.ts';
import { describe, tagOf } from './schema/leaf.ts';

/** Far above any command, far below the stack. */
const MAX_DEPTH = 100;

/**
 * One text for one value, whatever the order of its members: the basis of the request hash of a command with an idempotency key. Members sorted by
 * UTF-16 code units; a bigint as its decimal string, a Date as ISO string, bytes as base64, as the stored JSON form has them; −0 as 0. Members that are
 * `undefined` are left out, elsewhere `undefined` is `null`, as with `JSON.stringify`. Instances of classes count by their own fields.
 * @throws {@link InputInvalid} `LF_INPUT_NOT_JSON` when it holds a function, a symbol, NaN, ±Infinity, an invalid Date, a Map, Set or other built-in
 * object, a cycle, or is more than 100 levels deep
 */
export function canonicalJson(value: unknown): string {
  return textOf(value, [], new Set());
}

function textOf(value: unknown, path: readonly (string | number)[], above: ReadonlySet<unknown>): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value !== 'object') throw refused(describe(value), path);
  if (above.has(value)) throw refused('a cycle', path);
  if (above.size === MAX_DEPTH) throw refused(`more than ${MAX_DEPTH} levels`, path);
  const here = new Set([...above, value]);
  switch (tagOf(value)) {
    case 'Array':
      return `[${Array.from(value as readonly unknown[], (item, i) => textOf(item, [...path, i], here)).join(',')}]`;
    case 'Object':
      return `{${membersOf(value)
        .map(([key, item]) => `${JSON.stringify(key)}:${textOf(item, [...path, key], here)}`)
        .join(',')}}`;
    case 'Uint8Array':
      return `"${toBase64(value as Uint8Array)}"`;
    case 'Date':
      if (!Number.isNaN(Number(value))) return `"${(value as Date).toISOString()}"`;
  }
  throw refused(describe(value), path);
}

const membersOf = (object: object): [string, unknown][] =>
  Object.entries(object)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

const refused = (what: string, path: readonly (string | number)[]): InputInvalid =>
  new InputInvalid(
    'LF_INPUT_NOT_JSON',
    `the input of a command with an idempotency key must be JSON, with bigint, Date and Uint8Array besides; found ${what}` +
      (path.length === 0 ? '' : ` at ${pathText(path)}`),
  );
