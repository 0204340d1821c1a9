import type { PgTypes } from '../pool.ts';
import { modelTypes } from './model-types.ts';
import { dayOf, yearZeroAsBc } from './value-text.ts';

const DATE = 1082;

/**
 * How statements of a projection's own read columns: as read models are read, but a `date` is a `Date`, at midnight UTC, as those who write `day: Date` expect.
 * @param driver how the driver reads what is none of ours
 */
export function ownTypes(driver: Partial<PgTypes>): PgTypes {
  const types = modelTypes(driver);
  return {
    getTypeParser: (oid, format) =>
      oid === DATE && format !== 'binary' ? (text) => new Date(dayOf(text)) : types.getTypeParser(oid, format),
  };
}

/**
 * Values for the driver. An instant is sent in UTC: drivers write it in the process's own time zone, and a `date` made of that would be another day in another
 * process, so that the same events would not give the same rows.
 */
export function ownValue(value: unknown): unknown {
  if (value instanceof Date) return instantText(value);
  return Array.isArray(value) ? value.map(ownValue) : value;
}

function instantText(instant: Date): string {
  const iso = instant.toISOString();
  const year = instant.getUTCFullYear();
  if (year >= 0) return yearZeroAsBc(iso.replace(/^\+0*/, ''));
  return `${String(1 - year).padStart(4, '0')}${iso.slice(7)} BC`;
}
