import { DefinitionError } from '../errors.ts';
import { refuseTwoShapes, type Names } from './avro-name.ts';
import type { ToJsonSchema } from './json-schema-form.ts';
import { standardJson } from './json-schema-standard.ts';
import type { AnySchema, Json, Mark, Schema } from './schema.ts';

/** Where a value does not fit its schema, and what was expected. Never repeats the value: it may be personal data. */
export interface Issue {
  readonly message: string;
  /** Field names and indices, from the root. Text of it: {@link pathText}. */
  readonly path: readonly PropertyKey[];
}
/** A value that fits, or why it does not. */
export type Checked<T> = { readonly value: T } | { readonly issues: readonly Issue[] };

/** One pass over a value. The issues found so far, and whether `min`, `max` and `pattern` count. */
export interface Walk {
  readonly issues: { readonly message: string; readonly path: PropertyKey[] }[];
  readonly constraints: boolean;
}
/** Goes over one value in one direction. When it finds an issue, its result means nothing. */
export type Visit = (value: unknown, walk: Walk) => unknown;

/**
 * What a schema is at run time: its Avro form and three walks, closures over the closures of its parts, put together once at definition.
 * A schema cannot contain itself, so a walk ends at the schema's depth, however deep or cyclic the value is.
 */
export interface Kind {
  /** Avro JSON. A name that `names` knows becomes a reference; without `names` every definition stands in its place. */
  readonly avro: (names?: Names) => Json;
  /** What it is in JSON, for documents. */
  readonly jsonSchema: ToJsonSchema;
  /** Any form → memory form. For the edge: strict, with constraints. */
  readonly accept: Visit;
  /** Memory form → stored JSON form. For append: strict. */
  readonly write: Visit;
  /** Stored JSON form → memory form. Lenient as Avro's schema resolution is: see {@link fromJson}. */
  readonly read: Visit;
  /**
   * The same for JSON that was parsed a moment ago and is nobody else's: in place, as most of it is in memory form already. `undefined` for whatever is not
   * exactly as this schema writes it, when a part may have been changed: then `read` decides, on JSON that is parsed anew.
   */
  readonly take: (json: unknown) => unknown;
  /** Personal data stands here or below. */
  readonly isPersonal: boolean;
  /** What takes the place of erased personal data. */
  readonly erasedAs?: string;
  /** What a reader takes for an absent field, in stored JSON form. */
  readonly absent?: Json;
  /** The branches of an Avro union. */
  readonly branches?: readonly Kind[];
}

/** A hostile body of wrong items must not be answered with fifty times its size. */
const MAX_ISSUES = 100;
export const isFull = (walk: Walk): boolean => walk.issues.length >= MAX_ISSUES;

/** Notes an issue at `path` below the current place. */
export function fault(walk: Walk, message: string, ...path: PropertyKey[]): undefined {
  if (!isFull(walk)) walk.issues.push({ message, path });
}

/** Visits one member. Paths are put together on the way back, so a walk without issues never builds one. */
export function member(visit: Visit, value: unknown, key: PropertyKey, walk: Walk): unknown {
  const { issues } = walk;
  const before = issues.length;
  const result = visit(value, walk);
  for (let i = before; i < issues.length; i++) issues[i]?.path.unshift(key);
  return result;
}

/** A whole walk from the root. `T` is what the caller knows this walk to give. */
export function run<T>(visit: Visit, value: unknown, constraints: boolean): Checked<T> {
  const walk: Walk = { issues: [], constraints };
  const result = visit(value, walk);
  return walk.issues.length === 0 ? { value: result as T } : { issues: walk.issues };
}

/**
 * Makes the frozen public value of a kind. The types are the caller's claim; this is the one place where they are put on.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when one name stands for two shapes in it
 */
export function schemaOf<T, M extends Mark, J, I>(kind: Kind): Schema<T, M, J, I> {
  const validate = (value: unknown): Checked<unknown> => {
    try {
      return run(kind.accept, value, true);
    } catch (error) {
      // Only a getter or a proxy in the value can throw; JSON has neither.
      return { issues: [{ message: `cannot be read: ${String(error)}`, path: [] }] };
    }
  };
  refuseTwoShapes(kind.avro());
  const schema = {
    avro: deepFreeze(kind.avro(new Map())),
    '~standard': Object.freeze({ version: 1, vendor: 'leftfold', validate, jsonSchema: standardJson(kind.jsonSchema) }),
    '~kind': Object.freeze(kind),
  };
  return Object.freeze(schema) as unknown as Schema<T, M, J, I>;
}

/**
 * The kind of a schema. Kept on the schema itself, under a key that its type does not show, so two copies of this package understand each other.
 * `place` is said when it is none, as `at the items of an array`.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when `schema` was not made by `t`
 */
export function kindOf(schema: AnySchema, place?: string): Kind {
  const kind = (schema as unknown as { readonly '~kind'?: Kind } | null | undefined)?.['~kind'];
  if (kind !== undefined) return kind;
  const what = schema === undefined ? 'it is undefined, as when two files import each other' : 'as t.string()';
  throw new DefinitionError(
    'LF_SCHEMA_INVALID',
    `this is no schema${place === undefined ? '' : `, ${place}`}; make it with t, ${what}`,
  );
}

/**
 * True when personal data stands in a value of this schema, at any depth: then it can be no key, route or subject.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when `schema` was not made by `t`
 */
export const holdsPersonalData = (schema: AnySchema): boolean => kindOf(schema).isPersonal;

/** Avro libraries write into the schemas they are given (hazard A8). */
function deepFreeze(json: Json): Json {
  if (typeof json === 'object' && json !== null) Object.values(Object.freeze(json)).forEach(deepFreeze);
  return json;
}
