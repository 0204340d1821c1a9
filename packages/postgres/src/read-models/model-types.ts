import type { PgTypes } from '../pool.ts';
import { bytesOf, dayOf, instantOf } from './value-text.ts';

type Parse = (text: string) => unknown;

const asText: Parse = (text) => text;
const json: Parse = (text) => JSON.parse(text) as unknown;

/** By number of the type, as `select oid, typname from pg_type` lists them. */
const PARSERS: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [16, (text) => text === 't'], // boolean
  [17, bytesOf], // bytea
  [19, asText], // name
  [20, BigInt], // int8
  [21, Number], // int2
  [23, Number], // int4
  [25, asText], // text
  [26, Number], // oid
  [114, json], // json
  [700, Number], // float4
  [701, Number], // float8
  [1043, asText], // varchar
  [1082, dayOf], // date
  [1184, instantOf], // timestamptz
  [1700, asText], // numeric
  [2950, asText], // uuid
  [3802, json], // jsonb
]);

/**
 * How columns of a query on read models are read: each type that `t` can say in its memory form; other types as the caller's pool reads them. An int8
 * is a bigint, also of a `count(*)`; that of a `t.integer()` becomes a number afterwards, since its type alone does not say so.
 */
export function modelTypes(own: Partial<PgTypes>): PgTypes {
  return {
    getTypeParser(oid, format) {
      const parse = format === 'binary' ? undefined : PARSERS.get(oid);
      return parse ?? own.getTypeParser?.(oid, format ?? 'text') ?? asText;
    },
  };
}
