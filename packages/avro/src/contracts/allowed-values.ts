import { isJsonObject, type t } from '@leftfold/core';

type JsonSchema = { readonly [keyword: string]: t.Json };

/** The bounds of Avro's own types: who stays within them has said nothing. */
const OWN_BOUNDS: ReadonlySet<t.Json | undefined> = new Set([
  -(2 ** 31),
  2 ** 31 - 1,
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
]);

/**
 * What the constraints of a payload allow, in words, by the path of the value (`lines[].sku`); nothing where there are none. Made from the JSON Schema of what the
 * edge takes, since Avro does not know constraints.
 */
export function allowedValues(jsonSchema: t.Json): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (schema: t.Json | undefined, path: string): void => {
    if (schema === undefined || !isJsonObject(schema)) return;
    const choices = listOf(schema['oneOf']);
    if (choices.length > 0) {
      for (const choice of choices) visit(choice, path + variantOf(choice));
      return;
    }
    // A number or its decimal text, or null.
    visit(listOf(schema['anyOf'])[0], path);
    visit(schema['items'], `${path}[]`);
    visit(schema['additionalProperties'], `${path}{}`);
    for (const [name, of] of Object.entries((schema['properties'] ?? {}) as JsonSchema))
      if (!isTag(of)) visit(of, path === '' ? name : `${path}.${name}`);
    const words = allowedText(schema);
    if (words !== '') found.set(path, words);
  };
  visit(jsonSchema, '');
  return found;
}

function allowedText({ minimum, maximum, minLength, maxLength, pattern, format }: JsonSchema): string {
  const texts = [
    between(bound(minimum), bound(maximum)),
    between(bound(minLength), bound(maxLength), ' characters'),
    // A pattern beside a format says no more than that.
    typeof pattern === 'string' && format === undefined
      ? `matches ${pattern.replace(/^\^\(\?:(.*)\)\$$/s, '/$1/')}`
      : '',
  ];
  return texts.filter((text) => text !== '').join(', ');
}
const bound = (value: t.Json | undefined): number | undefined =>
  typeof value === 'number' && !OWN_BOUNDS.has(value) ? value : undefined;
function between(low: number | undefined, high: number | undefined, what = ''): string {
  if (low === undefined) return high === undefined ? '' : `at most ${high}${what}`;
  return high === undefined ? `at least ${low}${what}` : `${low} to ${high}${what}`;
}

const listOf = (json: t.Json | undefined): readonly t.Json[] =>
  Array.isArray(json) ? (json as readonly t.Json[]) : [];
const isTag = (schema: t.Json): boolean => isJsonObject(schema) && 'const' in schema;

/** `(card)` of the branch whose tag is fixed to it. */
function variantOf(choice: t.Json): string {
  const properties = isJsonObject(choice) ? choice['properties'] : undefined;
  const tag = properties === undefined || !isJsonObject(properties) ? undefined : Object.values(properties).find(isTag);
  const variant = tag !== undefined && isJsonObject(tag) ? tag['const'] : undefined;
  return typeof variant === 'string' ? `(${variant})` : '';
}
