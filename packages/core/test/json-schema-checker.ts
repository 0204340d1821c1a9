import type { Json } from '../src/index.ts';

type Schema = { readonly [keyword: string]: Json };
type Check = (said: never, json: Json, schema: Schema) => boolean;

/**
 * Whether JSON fits a JSON Schema, formats asserted. Knows the keywords that `t.jsonSchema` uses, and throws at any other, so that none goes unchecked.
 * Source: JSON Schema 2020-12, Validation; `nullable` as OpenAPI 3.0.3 has it.
 */
export function fits(schema: Json, json: Json): boolean {
  const words = schema as Schema;
  return Object.entries(words).every(([keyword, said]) => {
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`the checker does not know the keyword ${keyword}`);
    return check(said as never, json, words);
  });
}

const CHECKS: { readonly [keyword: string]: Check } = {
  $schema: () => true,
  title: () => true,
  contentEncoding: () => true,
  nullable: () => true,
  type: (said: string | readonly string[], json, { nullable }) =>
    [said].flat().some((type) => isOf(type, json)) || (nullable === true && json === null),
  enum: (said: readonly Json[], json) => said.some((one) => Object.is(one, json)),
  const: (said: Json, json) => Object.is(said, json),
  minimum: (said: number, json) => typeof json !== 'number' || json >= said,
  maximum: (said: number, json) => typeof json !== 'number' || json <= said,
  minLength: (said: number, json) => typeof json !== 'string' || Array.from(json).length >= said,
  maxLength: (said: number, json) => typeof json !== 'string' || Array.from(json).length <= said,
  pattern: (said: string, json) => typeof json !== 'string' || new RegExp(said, 'u').test(json),
  format: (said: string, json) => {
    const format = FORMATS[said];
    if (format === undefined) throw new Error(`the checker does not know the format ${said}`);
    return typeof json !== 'string' || format(json);
  },
  not: (said: Schema, json) => !fits(said, json),
  anyOf: (said: readonly Schema[], json) => said.some((one) => fits(one, json)),
  oneOf: (said: readonly Schema[], json) => said.filter((one) => fits(one, json)).length === 1,
  items: (said: Schema, json) => !Array.isArray(json) || json.every((item: Json) => fits(said, item)),
  required: (said: readonly string[], json) => !isObject(json) || said.every((name) => Object.hasOwn(json, name)),
  properties: (said: { readonly [name: string]: Schema }, json) =>
    !isObject(json) ||
    Object.entries(said).every(([name, of]) => !Object.hasOwn(json, name) || fits(of, json[name] ?? null)),
  propertyNames: (said: Schema, json) => !isObject(json) || Object.keys(json).every((name) => fits(said, name)),
  additionalProperties: (said: false | Schema, json, { properties = {} }) =>
    !isObject(json) ||
    Object.entries(json).every(
      ([name, value]) => Object.hasOwn(properties as object, name) || (said !== false && fits(said, value)),
    ),
};

const isObject = (json: Json): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function isOf(type: string, json: Json): boolean {
  if (type === 'null') return json === null;
  if (type === 'array') return Array.isArray(json);
  if (type === 'object') return isObject(json);
  if (type === 'integer') return Number.isInteger(json);
  return typeof json === type;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
/** Date.parse takes 30 February for 2 March. */
const isDay = (text: string): boolean =>
  DAY.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
/** RFC 3339, §5.6; a leap second is left out, as most validators do. */
const INSTANT = /^(.{10})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const FORMATS: { readonly [format: string]: (text: string) => boolean } = {
  date: (text) => isDay(text),
  'date-time': (text) => isDay(INSTANT.exec(text)?.[1] ?? ''),
  uuid: (text) => /^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text),
  byte: () => true,
  int32: () => true,
  double: () => true,
};
