import { InputInvalid } from './errors.ts';
import { pathText } from './schema/issue.ts';
import { describe, tagOf } from './schema/leaf.ts';

/** As deep as an input may be. */
const MAX_DEPTH = 100;

/**
 * The text of an answer that is stored under an idempotency key. What would come back as something else is refused: the first caller and whoever repeats the
 * command must hear the same. A member that is `undefined` is left out.
 * @throws {@link InputInvalid} `LF_RESULT_NOT_JSON` for a bigint, Date, NaN, ±Infinity, function, symbol, Map or other built-in object, a list with
 *   `undefined` in it, a cycle, or more than 100 levels
 */
export function answerText(result: unknown): string {
  if (result === undefined) return '{}';
  check(result, [], new Set());
  return JSON.stringify({ result });
}

function check(value: unknown, path: readonly (string | number)[], above: ReadonlySet<unknown>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value !== 'object') throw refused(describe(value), path);
  if (above.has(value)) throw refused('a cycle', path);
  if (above.size === MAX_DEPTH) throw refused(`more than ${MAX_DEPTH} levels`, path);
  const here = new Set([...above, value]);
  const kind = tagOf(value);
  if (kind === 'Array') Array.from(value as readonly unknown[], (item, i) => check(item, [...path, i], here));
  else if (kind === 'Object') {
    for (const [key, item] of Object.entries(value)) if (item !== undefined) check(item, [...path, key], here);
  } else throw refused(describe(value), path);
}

const refused = (what: string, path: readonly (string | number)[]): InputInvalid =>
  new InputInvalid(
    'LF_RESULT_NOT_JSON',
    `the result of a command with an idempotency key is stored, and must be JSON; found ${what}` +
      (path.length === 0 ? '' : ` at ${pathText(path)}`) +
      '; give a bigint or a Date as text. Nothing was written',
  );
