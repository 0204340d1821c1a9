import { InputInvalid } from '@leftfold/core';
import type { PgTypes } from './pool.ts';

const BOOL = 16;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const OID = 26;
const FLOAT4 = 700;
const FLOAT8 = 701;
const TIMESTAMPTZ = 1184;

const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [BOOL, (text) => text === 't'],
  [INT8, BigInt],
  [INT2, Number],
  [INT4, Number],
  [OID, Number],
  [FLOAT4, Number],
  [FLOAT8, Number],
  [TIMESTAMPTZ, timestamp],
]);
const asText = (text: string): string => text;

/**
 * Column values as this package reads them, given with every query: int8 → bigint, timestamptz → Date, small numbers and
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
  let text = '';
  for (const value of values) text += text === '' ? arrayElement(value) : `,${arrayElement(value)}`;
  return `{${text}}`;
}

/** One element of an {@link arrayParameter}. */
export function arrayElement(value: string | number | bigint | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? quotedElement(value) : String(value);
}

/**
 * JSON quotes a text as an array's element is quoted, in a third of the time, unless it escapes more than `"` and `\`: a line break as `\n` would be a letter
 * here.
 */
function quotedElement(text: string): string {
  if (text.isWellFormed() && !/\p{Cc}/u.test(text)) return JSON.stringify(text);
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}

const ISO = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*([+-]\d\d)(:\d\d)?$/;

/** Almost every time has four digits of a year and a whole hour's zone: read by its places, in a tenth of the time that `Date` takes for the text. `undefined` for any other. */
export function usualTimestamp(text: string): Date | undefined {
  const zone = text.length - 3;
  const sign = text.charCodeAt(zone);
  const isUsual =
    text.charCodeAt(4) === DASH && text.charCodeAt(10) === SPACE && zone >= 19 && (sign === PLUS || sign === DASH);
  if (!isUsual) return undefined;
  const hours = two(text, zone + 1) * (sign === DASH ? -1 : 1);
  const year = two(text, 0) * 100 + two(text, 2);
  const ms = digit(text, 20, zone) * 100 + digit(text, 21, zone) * 10 + digit(text, 22, zone);
  const time = Date.UTC(year, two(text, 5) - 1, two(text, 8), two(text, 11) - hours, two(text, 14), two(text, 17), ms);
  // Years below 100 are read as 19xx there; and what was no digit shows.
  return year < 100 || Number.isNaN(time) ? undefined : new Date(time);
}
function timestamp(text: string): Date {
  return usualTimestamp(text) ?? unusualTimestamp(text);
}

const [DASH, SPACE, PLUS, ZERO] = [45, 32, 43, 48];
const two = (text: string, at: number): number => digit(text, at, text.length) * 10 + digit(text, at + 1, text.length);
/** The digit at a place; 0 from `end` on, NaN where there is none. */
function digit(text: string, at: number, end: number): number {
  if (at >= end) return 0;
  const value = text.charCodeAt(at) - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function unusualTimestamp(text: string): Date {
  const match = ISO.exec(text);
  if (match === null) {
    throw new TypeError(`the time ${text} is not in ISO form: the connection's DateStyle must begin with ISO`);
  }
  const [, day, time, hours, minutes = ':00'] = match;
  return new Date(`${day}T${time}${hours}${minutes}`);
}
