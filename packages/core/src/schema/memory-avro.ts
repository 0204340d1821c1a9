import type { Names } from './avro-name.ts';
import { kindOf } from './kind.ts';
import type { AnySchema, Json } from './schema.ts';

/** Remembers no name, so that every definition stands in its place; asks each kind to say how it is held in memory. */
class InMemory extends Map<string, string> {
  /** Told by this member, not by the class: two copies of this package understand each other. */
  readonly memory = true;
  override get(): undefined {
    return undefined;
  }
  override set(): this {
    return this;
  }
}

/**
 * The Avro JSON of a schema for a codec that makes memory values straight from bytes: as {@link AnySchema}`.avro`, but each definition in full wherever it stands,
 * and `{ "type": "long", "memory": "bigint" }` for {@link long}, which has the same Avro text as {@link integer}.
 */
export function memoryAvro(schema: AnySchema): Json {
  return kindOf(schema).avro(new InMemory());
}

/** The Avro JSON of a `long` that is a bigint in memory. */
export const bigintAvro = (names?: Names): Json =>
  names !== undefined && 'memory' in names ? { type: 'long', memory: 'bigint' } : 'long';
