/**
 * The payload schema: the one source of an event's TypeScript type, its Avro schema and its validator.
 * Every builder is named as Avro names the type, so whoever can read an `.avsc` can read this.
 * Used as a namespace: `import { t } from '@leftfold/core'`.
 */

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
   * Takes the JSON form, the memory form or any mixture (and safe integers for a long); answers the memory form. Reports all issues,
   * each with its path. Checks constraints. Never throws.
   */
  readonly validate: (
    value: unknown,
  ) =>
    | { readonly value: T }
    | { readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[] };
  readonly types?: { readonly input: I; readonly output: T };
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
/** The stored JSON form of a value, e.g. for a jsonb column. Back: `schema['~standard'].validate`. */
export declare function toJson<S extends AnySchema>(schema: S, value: Of<S>): JsonOf<S>;
/** JSON Schema 2020-12 of what an HTTP client sends and gets, with the constraints, for OpenAPI: `integer` is a number there, `long` a decimal string. */
export declare function jsonSchema(schema: AnySchema): { readonly [keyword: string]: Json };

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

// Constraints (`min`, `max`, `pattern`) are checked at the edge and at append, never on reading, and are not in the Avro schema:
// tightening one never makes an old event unreadable and is no new version.

declare const text: unique symbol;
/** What {@link string} makes; the only schema that can be {@link personal}. */
export interface Text extends Schema<string, never, string, string> {
  readonly [text]: true;
}
/**
 * Avro `string`. Refused at append: NUL and lone surrogates, which Postgres and UTF-8 cannot hold.
 * `min` and `max` count code points; `pattern` must match the whole string, flag `u` only.
 */
export declare function string(constraints?: {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
}): Text;
/** Avro `boolean`. */
export declare function boolean(): Schema<boolean, never, boolean, boolean>;
/** Avro `int`: a whole number in ±2³¹. */
export declare function int(constraints?: {
  readonly min?: number;
  readonly max?: number;
}): Schema<number, never, number, number>;
/** Avro `long` as a `number`: a whole number in ±(2⁵³−1), checked on reading, too. The everyday integer, for money in cents as well. */
export declare function integer(constraints?: {
  readonly min?: number;
  readonly max?: number;
}): Schema<number, never, `${bigint}`, number | `${bigint}`>;
/** Avro `long` as a `bigint`, ±2⁶³: for what may pass 2⁵³. Same wire and stored form as {@link integer}, so one may become the other. */
export declare function long(): Schema<bigint, never, `${bigint}`, bigint | number | `${bigint}`>;
/** Avro `double`. Refused at append: NaN and ±Infinity. Never for money. */
export declare function double(): Schema<number, never, number, number>;
/** Avro `bytes`, base64 in JSON. Counts against the limit of an event (256 KiB of JSON text); larger data goes by reference. */
export declare function bytes(): Schema<Uint8Array, never, string, Uint8Array | string>;
/** Avro `string` with logical type `uuid`: lower-case, hyphenated; checked. */
export declare function uuid(): Schema<string, never, string, string>;
/**
 * Avro `bytes` with logical type `decimal`. In memory a decimal string such as `'12.50'`, as `pg` gives for `numeric`:
 * `'abc'` is a compile error, more digits than `scale` are refused at append, nothing is ever rounded.
 * @param precision total digits, 1 to 38. @param scale digits after the point, 0 to `precision`.
 */
export declare function decimal(precision: number, scale: number): Schema<`${number}`, never, `${number}`, `${number}`>;
/** Avro `long` with logical type `timestamp-millis`: a `Date`, valid, UTC, millisecond precision. ISO string in JSON. */
export declare function timestampMillis(): Schema<Date, never, string, Date | string>;
/** Avro `int` with logical type `date`: a calendar day `'2026-11-22'`, without a time zone. */
export declare function date(): Schema<Day, never, Day, Day>;
/** A calendar day. */
export type Day = `${number}-${number}-${number}`;
declare function enumOf<const Symbols extends readonly [string, ...string[]]>(
  name: string,
  symbols: Symbols,
): Schema<Symbols[number], never, Symbols[number], Symbols[number]>;
export {
  /** Avro `enum`: `t.enum('Currency', ['EUR', 'USD'])`. The first symbol is the reader's default for unknown symbols. */
  enumOf as enum,
};
/** Avro `array`. */
export declare function array<T, M extends Mark, J, I>(
  items: Schema<T, M, J, I>,
): Schema<readonly T[], M, readonly J[], readonly I[]>;
/** Avro `map`: string keys. `__proto__` and `constructor` are refused. */
export declare function map<T, M extends Mark, J, I>(
  values: Schema<T, M, J, I>,
): Schema<{ readonly [key: string]: T }, M, { readonly [key: string]: J }, { readonly [key: string]: I }>;
/** Avro `record`. The name is the Avro name, unique inside the event. */
export declare function record<F extends Fields>(
  name: string,
  fields: F,
): Schema<Payload<F>, MarksOf<F>, JsonPayload<F>, InputPayload<F>>;
/** Avro union with `null`, reader default `null`. Always present in memory, as `null`: `undefined` is refused at append. */
export declare function nullable<T, M extends Mark, J, I>(
  schema: Schema<T, M, J, I>,
): Schema<T | null, M, J | null, I | null>;
/**
 * A value for readers of data written before the field existed: Avro's reader default. Writers must still give the field,
 * so a default is never written by accident. This makes adding a field a compatible change *inside* a version (a revision).
 */
export declare function withDefault<T, M extends Mark, J, I>(
  schema: Schema<T, M, J, I>,
  value: NoInfer<T>,
): Schema<T, M, J, I>;
/**
 * Avro union of named records, in memory a discriminated union: `t.union('kind', { card: {...}, transfer: {...} })` gives
 * `{ kind: 'card', … } | { kind: 'transfer', … }`. Branches are matched by name, so a further branch never changes how old bytes decode.
 */
export declare function union<const Tag extends string, V extends { readonly [variant: string]: Fields }>(
  tag: Tag,
  variants: V,
): Schema<
  { [K in keyof V]: { readonly [T in Tag]: K } & Payload<V[K]> }[keyof V],
  { [K in keyof V]: MarksOf<V[K]> }[keyof V],
  { [K in keyof V]: { readonly [T in Tag]: K } & JsonPayload<V[K]> }[keyof V],
  { [K in keyof V]: { readonly [T in Tag]: K } & InputPayload<V[K]> }[keyof V]
>;
/**
 * Personal data of the event's subject: strings only, because what takes its place (`lf1:…`, reserved: refused in plain text) is a string.
 * Stored and published encrypted under the subject's key; once the subject is erased, readers see `erasedAs`, so no handler needs a
 * case for it. May stand inside `nullable`, records, arrays, maps. An event with such a field must name its `subject`; the field itself
 * can be no subject, row key or route.
 */
export declare function personal(
  schema: Text,
  options: { readonly erasedAs: string },
): Schema<string, 'personal', string, string>;

// ---- plain Avro ----

/**
 * An existing Avro schema, with its TypeScript type inferred from the literal: `t.avsc({ type: 'record', … })`.
 * For `.avsc` *files*, whose literals TypeScript widens, `leftfold schema import order.avsc` prints the same schema in builder form.
 * References to named types are not followed in the type (they become {@link UnresolvedAvroName}); the importer resolves them.
 */
export declare function avsc<const S extends AvroJson>(
  schema: S,
): Schema<FromAvro<S>, never, FromAvro<S, JsonForm>, FromAvro<S, InputForm>>;

/** Avro JSON as `t.avsc` accepts it. */
export type AvroJson = string | readonly AvroJson[] | { readonly type: AvroJson; readonly [key: string]: unknown };
/** Shown where a schema refers to a named type that its literal does not contain. */
export interface UnresolvedAvroName<N extends string> {
  readonly 'unresolved Avro name; use `leftfold schema import`': N;
}

interface Primitives {
  null: null;
  boolean: boolean;
  int: number;
  long: bigint;
  float: number;
  double: number;
  bytes: Uint8Array;
  string: string;
}
/** One TypeScript type per Avro type, in memory. */
interface MemoryForm {
  primitive: Primitives;
  logical: { decimal: `${number}`; uuid: string; date: Day; 'timestamp-millis': Date };
}
/** The same in stored JSON. */
interface JsonForm {
  primitive: Omit<Primitives, 'long' | 'bytes'> & { long: `${bigint}`; bytes: string };
  logical: { decimal: `${number}`; uuid: string; date: Day; 'timestamp-millis': string };
}
/** The same at the edge. */
interface InputForm {
  primitive: Omit<Primitives, 'long' | 'bytes'> & { long: bigint | number | `${bigint}`; bytes: Uint8Array | string };
  logical: { decimal: `${number}`; uuid: string; date: Day; 'timestamp-millis': Date | string };
}
interface Form {
  primitive: object;
  logical: object;
}

/** The TypeScript type of Avro JSON. */
export type FromAvro<S, P extends Form = MemoryForm> = S extends {
  readonly logicalType: infer L extends keyof P['logical'];
}
  ? P['logical'][L]
  : S extends keyof P['primitive']
    ? P['primitive'][S]
    : S extends readonly unknown[]
      ? FromAvro<S[number], P>
      : S extends { readonly type: 'enum'; readonly symbols: infer E extends readonly string[] }
        ? E[number]
        : S extends { readonly type: 'array'; readonly items: infer I }
          ? readonly FromAvro<I, P>[]
          : S extends { readonly type: 'map'; readonly values: infer I }
            ? { readonly [key: string]: FromAvro<I, P> }
            : S extends {
                  readonly type: 'record';
                  readonly fields: infer F extends readonly { readonly name: string; readonly type: unknown }[];
                }
              ? { readonly [I in F[number] as I['name']]: FromAvro<I['type'], P> }
              : S extends { readonly type: infer I }
                ? FromAvro<I, P>
                : S extends string
                  ? UnresolvedAvroName<S>
                  : never;
