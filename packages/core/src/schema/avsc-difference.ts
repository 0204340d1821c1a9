import { isJsonList, isJsonObject } from '../json-value.ts';
import type { Json } from './schema.ts';

/** Why an attribute cannot stay, and what to do instead. */
const REMEDIES: { readonly [attribute: string]: string } = {
  doc: 'a comment beside the schema says it as well',
  aliases: 'a former name of an event is an option of event(); a renamed field is a new version',
  namespace: 'only the outermost record has a namespace, all others inherit it',
  order: 'Leftfold does not sort by payloads',
};

/**
 * The first place where what was given differs from what the builders write, with what to do; `undefined` where there is none. The order of attributes means
 * nothing.
 */
export function avscDifference(given: Json, written: Json, path = ''): string | undefined {
  const at = path === '' ? 'the root' : path.replace(/^[.]|^, /, '');
  if (isJsonList(given) && isJsonList(written)) {
    if (given.length !== written.length) return `${at} has ${given.length} parts, and t writes ${written.length}`;
    return first(given.map((part, i) => () => avscDifference(part, written[i] ?? null, `${path}${stepInto(part, i)}`)));
  }
  if (isJsonObject(given) && isJsonObject(written)) {
    const extra = Object.keys(given).find((key) => !Object.hasOwn(written, key));
    if (extra !== undefined)
      return `${at} has the attribute '${extra}', which cannot be carried; leave it out${REMEDIES[extra] ? ` (${REMEDIES[extra]})` : ''}`;
    const absent = Object.keys(written).find((key) => !Object.hasOwn(given, key));
    if (absent !== undefined) return `${at} lacks what t always writes; add "${absent}": ${textOf(written[absent])}`;
    return first(
      Object.keys(written).map(
        (key) => () => avscDifference(given[key] ?? null, written[key] ?? null, into(path, key)),
      ),
    );
  }
  return given === written ? undefined : `${at} is ${textOf(given)}, which t writes as ${textOf(written)}; write it so`;
}

/** Attributes that lead on are no part of the path: `lines[].price`, as in all messages about schemas. */
function into(path: string, key: string): string {
  if (key === 'items') return `${path}[]`;
  if (key === 'values') return `${path}{}`;
  return key === 'type' || key === 'fields' ? path : `${path === '' ? '' : `${path}, `}'${key}'`;
}
const stepInto = (part: Json, i: number): string =>
  isJsonObject(part) && typeof part['name'] === 'string' ? `.${part['name']}` : `, branch ${i + 1}`;

const first = (checks: readonly (() => string | undefined)[]): string | undefined => {
  for (const check of checks) {
    const found = check();
    if (found !== undefined) return found;
  }
  return undefined;
};
const textOf = (json: Json | undefined): string => {
  const text = JSON.stringify(json);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};
