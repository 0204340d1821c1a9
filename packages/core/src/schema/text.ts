import { invalid } from './avro-name.ts';
import { kindOf, fault, schemaOf, type Visit } from './kind.ts';
import type { JsonSchema } from './json-schema-form.ts';
import { leaf } from './leaf.ts';
import type { Schema } from './schema.ts';

declare const text: unique symbol;
/** What {@link string} makes; the only schema that can be {@link personal}. */
export interface Text extends Schema<string, never, string, string> {
  readonly [text]: true;
}

/**
 * Avro `string`. Refused at append: NUL and lone surrogates, which Postgres and UTF-8 cannot hold.
 * `min` and `max` count code points; `pattern` must match the whole string, flag `u` only.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when `min` or `max` is no length, `min` > `max`, or `pattern` has another flag
 */
export function string(
  constraints: { readonly min?: number; readonly max?: number; readonly pattern?: RegExp } = {},
): Text {
  const kind = leaf<string>({
    avro: 'string',
    jsonSchema: (form) => ({ type: 'string', ...(form === 'input' && textKeywords(constraints)) }),
    expected: 'a string',
    accept: (value) => (typeof value === 'string' ? value : undefined),
    refuse: notStorable,
    constraint: lengthAndPattern(constraints),
  });
  return schemaOf<string, never, string, string>(kind) as Text;
}

/** Why text cannot be stored: Postgres takes no NUL, UTF-8 no half of a surrogate pair. */
export function notStorable(value: string): string | undefined {
  if (value.includes('\0')) return 'contains NUL (U+0000), which Postgres cannot hold';
  if (!value.isWellFormed()) return 'contains a lone surrogate, which UTF-8 cannot hold';
  return undefined;
}

function lengthAndPattern({ min = 0, max = Number.MAX_SAFE_INTEGER, pattern }: Parameters<typeof string>[0] & {}) {
  for (const bound of [min, max])
    if (!Number.isSafeInteger(bound) || bound < 0)
      throw invalid(`t.string: ${bound} is no length; min and max are whole numbers from 0`);
  if (min > max) throw invalid(`t.string: min ${min} is greater than max ${max}`);
  const whole = pattern && wholeString(pattern);
  return (value: string): string | undefined => {
    // The length comes first, so that `max` bounds the work of a pattern.
    if (value.length < min || value.length > max) {
      const length = codePoints(value);
      if (length < min) return `expected at least ${min} characters`;
      if (length > max) return `expected at most ${max} characters`;
    } else if (min > 0 && codePoints(value) < min) return `expected at least ${min} characters`;
    return whole === undefined || whole.test(value) ? undefined : `expected text that matches ${pattern}`;
  };
}

const textKeywords = ({ min, max, pattern }: Parameters<typeof string>[0] & {}): JsonSchema => ({
  ...(min !== undefined && { minLength: min }),
  ...(max !== undefined && { maxLength: max }),
  ...(pattern !== undefined && { pattern: wholeString(pattern).source }),
});

function wholeString(pattern: RegExp): RegExp {
  if (pattern.flags !== '' && pattern.flags !== 'u')
    throw invalid(`t.string: the pattern ${pattern} has other flags than u, which JSON Schema cannot say`);
  try {
    return new RegExp(`^(?:${pattern.source})$`, 'u');
  } catch (cause) {
    throw invalid(`t.string: the pattern ${pattern} is invalid with the flag u: ${String(cause)}`);
  }
}

function codePoints(value: string): number {
  let pairs = 0;
  for (let i = 0; i < value.length; i++) if ((value.charCodeAt(i) & 0xfc00) === 0xd800) pairs++;
  return value.length - pairs;
}

/** Begins what takes the place of a personal value once it is encrypted. */
const RESERVED = 'lf1:';

/**
 * Personal data of the event's subject: strings only, because what takes its place (`lf1:…`, reserved: refused in plain text) is a string.
 * The mark is carried by the types; encryption does not exist yet, the value is stored as it is. `erasedAs` is what readers will see of an erased subject, so no
 * handler will need a case for it. May stand inside `nullable`, records, arrays, maps. An event with such a field must name its `subject`; the field itself
 * can be no subject, row key or route.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when `schema` is no `t.string()`, or `erasedAs` could not be stored
 */
export function personal(
  schema: Text,
  options: { readonly erasedAs: string },
): Schema<string, 'personal', string, string> {
  const kind = kindOf(schema);
  const { erasedAs } = options;
  if (kind.avro() !== 'string') throw invalid('t.personal takes a t.string() only; fields of a record can be personal');
  if (typeof erasedAs !== 'string' || erasedAs.startsWith(RESERVED) || notStorable(erasedAs) !== undefined)
    throw invalid(`t.personal: erasedAs must be text that can be stored and does not begin with ${RESERVED}`);
  const plain =
    (visit: Visit): Visit =>
    (value, walk) =>
      typeof value === 'string' && value.startsWith(RESERVED)
        ? fault(walk, `begins with ${RESERVED}, which is reserved for encrypted text`)
        : visit(value, walk);
  // In the text, so that whoever has only the schema (a contract, a tool in another language) knows what is whose.
  const avro = { type: 'string', personal: true, erasedAs };
  return schemaOf({
    ...kind,
    avro: () => avro,
    jsonSchema: (form) => ({
      ...kind.jsonSchema(form),
      ...(form === 'input' && { not: { type: 'string', pattern: `^${RESERVED}` } }),
    }),
    accept: plain(kind.accept),
    write: plain(kind.write),
    isPersonal: true,
    erasedAs,
  });
}
