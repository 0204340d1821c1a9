import type { StandardJson } from './json-schema-standard.ts';

/** Any JSON value. Results of commands and Avro schemas are such values. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What a schema says about a value beyond its type. `personal`: encrypted under the key of the event's subject. */
export type Mark = 'personal';

declare const typeOf: unique symbol;
declare const markOf: unique symbol;
declare const jsonOf: unique symbol;
declare const inputOf: unique symbol;

/** The part of the Standard Schema (v1) interface that frameworks call; Nest 12 does, in `@Body({ schema })`. */
export interface StandardProps<out I, out T> {
  readonly version: 1;
  readonly vendor: string;
  /**
   * Takes the JSON form, the memory form or any mixture (and safe integers for a long); answers the memory form, made of plain objects
   * that share nothing with the input. Reports all issues, each with its path, up to 100; no issue repeats a part of the value but the names
   * in its path. Checks constraints. Never throws. The work is linear in the input: the walk follows the schema, so neither depth nor cycles matter.
   */
  readonly validate: (
    value: unknown,
  ) =>
    | { readonly value: T }
    | { readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[] };
  readonly types?: { readonly input: I; readonly output: T };
  /** Standard JSON Schema v1. */
  readonly jsonSchema: StandardJson;
}

/**
 * A schema for values of type `T`. Only types and marks are in it; the structure is a value, so that types stay
 * small: hovering an event shows its payload, and a hundred events cost the compiler a hundred object types.
 *
 * `T` memory form · `M` marks · `J` JSON form, see {@link JsonOf} · `I` what `~standard.validate` takes.
 */
export interface Schema<out T, out M extends Mark = never, out J = unknown, out I = unknown> {
  readonly [typeOf]: T;
  readonly [markOf]: M;
  readonly [jsonOf]: J;
  readonly [inputOf]: I;
  /** The schema as Avro JSON, with names, defaults and logical types, without constraints. This text is what the registry gets. */
  readonly avro: Json;
  /** Standard Schema v1: `@Body({ schema: PlaceOrder })` validates with the very schema that the event uses. */
  readonly '~standard': StandardProps<I, T>;
}
/** Any schema. */
export type AnySchema = Schema<unknown, Mark>;

/** The fields of a record, in wire order. */
export type Fields = { readonly [name: string]: AnySchema };

/** The TypeScript type of a schema: `t.Of<typeof Money>`. */
export type Of<S extends AnySchema> = S[typeof typeOf];
/**
 * The type of the stored JSON form, a function of the Avro type alone: long → decimal string (`t.integer()`, too), bytes → base64,
 * decimal → string, timestamp → ISO string; −0 is written as 0.
 */
export type JsonOf<S extends AnySchema> = S[typeof jsonOf];
/** What `~standard.validate` takes: the body of an HTTP request. */
export type InputOf<S extends AnySchema> = S[typeof inputOf];

/** The payload type of a set of fields. All fields are present; absence is an explicit `null` (see {@link nullable}). */
export type Payload<F extends Fields> = F extends unknown ? { readonly [K in keyof F]: F[K][typeof typeOf] } : never;
/** The JSON form of a set of fields. */
export type JsonPayload<F extends Fields> = F extends unknown
  ? { readonly [K in keyof F]: F[K][typeof jsonOf] }
  : never;
/** What validation takes for a set of fields. */
export type InputPayload<F extends Fields> = F extends unknown
  ? { readonly [K in keyof F]: F[K][typeof inputOf] }
  : never;

/** The marks found anywhere in a set of fields. */
export type MarksOf<F extends Fields> = F[keyof F][typeof markOf];
/** Names of the fields that hold personal data, at any depth. */
export type PersonalField<F extends Fields> = {
  [K in keyof F]: [F[K][typeof markOf]] extends [never] ? never : K;
}[keyof F] &
  string;
