import { InputInvalid } from '@leftfold/core';
import type { PgTypes } from './pool.ts';

const BOOL = 16;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const OID = 26;
const FLOAT4 = 700;
const FLOAT8 = 701;
const INT8_ARRAY = 1016;
const TIMESTAMPTZ = 1184;

const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [BOOL, (text) => text === 't'],
  [INT8, BigInt],
  [INT2, Number],
  [INT4, Number],
  [OID, Number],
  [FLOAT4, Number],
  [FLOAT8, Number],
  [INT8_ARRAY, int8Array],
  [TIMESTAMPTZ, timestamp],
]);
const asText = (text: string): string => text;

/**
 * Column values as this package reads them, given with every query: int8 → bigint, int8[] → bigint[], timestamptz → Date, small numbers and
 * booleans as such; all else stays text, json too, so a payload is handed out as it was stored.
 *
 * Always text format: the binary mode of `pg` 8.23 corrupts int8 and bytea (hazard L20), so a pool that is set to it is refused: `LF_POOL_BINARY`.
 */
export const columnTypes: PgTypes = {
  getTypeParser(oid, format) {
    return format === 'binary' ? refuseBinary : (parsers.get(oid) ?? asText);
  },
};

/** Thrown for a value, not for a column: there the driver catches nothing. */
function refuseBinary(): never {
  throw new InputInvalid(
    'LF_POOL_BINARY',
    'the pool fetches columns in binary form, in which the driver corrupts 64-bit integers; leave `binary` out of its options',
  );
}

/** An array parameter in Postgres' text form: one text for the driver, so nothing depends on how it converts JavaScript arrays. */
export function arrayParameter(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map(element).join(',')}}`;
}

function element(value: string | number | bigint | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? `"${value.replaceAll(/[\\"]/g, '\\$&')}"` : String(value);
}

function int8Array(text: string): bigint[] {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map(BigInt);
}

const ISO = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*([+-]\d\d)(:\d\d)?$/;

function timestamp(text: string): Date {
  const match = ISO.exec(text);
  if (match === null) {
    throw new TypeError(`the time ${text} is not in ISO form: the connection's DateStyle must begin with ISO`);
  }
  const [, day, time, hours, minutes = ':00'] = match;
  return new Date(`${day}T${time}${hours}${minutes}`);
}
