import { fault, type Kind, type Walk } from './kind.ts';
import type { JsonSchema, ToJsonSchema } from './json-schema-form.ts';
import type { Json } from './schema.ts';

/** A kind without parts. Each conversion answers `undefined` for what does not fit. */
interface Leaf<T> {
  readonly avro: Json;
  /** What it is in JSON, constraints included; a function where a reply looks otherwise than what the edge takes. */
  readonly jsonSchema: JsonSchema | ToJsonSchema;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** Any form → memory form. */
  readonly accept: (value: unknown) => T | undefined;
  /** Memory form → JSON form. Left out: `accept`, where both forms are one. */
  readonly write?: (value: unknown) => Json | T | undefined;
  /** JSON form → memory form. Left out: `accept`. */
  readonly read?: (json: unknown) => T | undefined;
  /** Why a value of the right type still cannot be stored. */
  readonly refuse?: (value: T) => string | undefined;
  /** Why a value breaks a constraint. */
  readonly constraint?: ((value: T) => string | undefined) | undefined;
}

/** Makes a kind of a leaf. */
export function leaf<T>({
  avro,
  jsonSchema,
  expected,
  accept,
  write = accept,
  read = accept,
  refuse,
  constraint,
}: Leaf<T>): Kind {
  const mismatch = (value: unknown, walk: Walk): undefined =>
    fault(walk, `expected ${expected}, got ${describe(value)}`);
  const check = (value: T, walk: Walk): void => {
    const message = refuse?.(value) ?? (walk.constraints ? constraint?.(value) : undefined);
    if (message !== undefined) fault(walk, message);
  };
  return {
    avro: () => avro,
    jsonSchema: typeof jsonSchema === 'function' ? jsonSchema : () => jsonSchema,
    accept: (value, walk) => {
      const result = accept(value);
      if (result === undefined) return mismatch(value, walk);
      check(result, walk);
      return result;
    },
    write: (value, walk) => {
      const json = write(value);
      if (json === undefined) return mismatch(value, walk);
      check(value as T, walk);
      return json;
    },
    read: (json, walk) => read(json) ?? mismatch(json, walk),
    take: read,
    isPersonal: false,
  };
}

/** What a value is, without saying what is in it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const tag = tagOf(value);
  if (tag === 'Date' && Number.isNaN(Number(value))) return 'an invalid Date';
  return tag === 'Object' ? 'an object' : tag === 'Array' ? 'an array' : `a ${tag}`;
}

/** `Date`, `Uint8Array`, `Map`, …: by what the engine made, not by `instanceof`, which fails across realms and under fake timers. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
