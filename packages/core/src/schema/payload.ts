import { InputInvalid } from '../errors.ts';
import { issuesText } from './issue.ts';
import { kindOf, run, type Checked, type Issue } from './kind.ts';
import type { AnySchema, JsonOf, Of } from './schema.ts';

/**
 * The stored JSON form of a value, e.g. for a jsonb column. Back: `schema['~standard'].validate`. Strict as {@link encodePayload}, but without
 * constraints: a fold must be able to store what an old event said.
 * @throws {@link InputInvalid} `LF_VALUE_INVALID` when the value is not of the schema's memory form
 */
export function toJson<S extends AnySchema>(schema: S, value: Of<S>): JsonOf<S> {
  const written = run<JsonOf<S>>(kindOf(schema).write, value, false);
  if ('value' in written) return written.value;
  throw new InputInvalid('LF_VALUE_INVALID', `this value does not fit its schema: ${issuesText(written.issues)}`);
}

/**
 * The text to store for a value in memory form: no whitespace, fields in the schema's order, keys of maps sorted; the same value gives the same
 * text on every machine. Checks constraints, and refuses with all issues whatever would not come back as it went in: `undefined`, holes, NaN,
 * NUL, instances of classes, undeclared fields. Its size is the caller's to check, with {@link utf8Length}.
 * @param constraints `false` for what was folded from old events, which may break what was tightened since.
 */
export function encodePayload(
  schema: AnySchema,
  value: unknown,
  constraints = true,
): { readonly text: string } | { readonly issues: readonly Issue[] } {
  const written = run(kindOf(schema).write, value, constraints);
  return 'value' in written ? { text: JSON.stringify(written.value) } : written;
}

/**
 * The memory form of stored JSON for a reader with this schema, where nobody says which schema it was written with: a column of JSON, JSON on a topic. Where it
 * is known, `resolvePayload` of this package reads by it. As in Avro's schema resolution, fields are matched by name: those the reader does not know are left
 * out, absent ones take their reader default (`null` for nullable), unknown symbols of an enum become its first. Constraints are not checked. A value of a wrong
 * type, an absent field without a default and an unknown variant of a union are issues. `json` is not changed or kept.
 *
 * Of the promotions it covers those that show in the JSON itself: a whole number where a long is expected (`int` → `long`), and where a double is
 * (`int` → `double`). A long's decimal string is no double, and text and bytes are not told apart: `'YWJj'` is read as bytes of base64 where bytes are expected, and
 * as these four letters where text is. A default that was changed since, or a symbol that came since, is not seen either: the JSON has what it has.
 */
export function fromJson<S extends AnySchema>(schema: S, json: unknown): Checked<Of<S>> {
  return run(kindOf(schema).read, json, false);
}

/** {@link fromJson} of JSON text. Text that is no JSON is an issue. Text as this schema writes it costs little more than parsing it. */
export function decodePayload<S extends AnySchema>(schema: S, text: string): Checked<Of<S>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold personal data.
    return { issues: [{ message: 'is no JSON', path: [] }] };
  }
  const value = kindOf(schema).take(json);
  return value === undefined ? fromJson(schema, JSON.parse(text)) : { value: value as Of<S> };
}
