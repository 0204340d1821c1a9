import { usualTimestamp } from '../column-types.ts';
import { ColumnUnreadable } from './column-unreadable.ts';

// Values of Postgres' text format, and back, where JavaScript's own text differs.

/** ISO style of the server: the year may have more than four digits, the offset seconds (local mean time), and the year 0 is called 1 BC. */
const INSTANT =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;

/** `timestamptz` → `Date`, in whatever time zone the session is; digits beyond the milliseconds are cut off. @throws {@link ColumnUnreadable} */
export function instantOf(text: string): Date {
  return usualTimestamp(text) ?? unusualInstant(text);
}
function unusualInstant(text: string): Date {
  const match = INSTANT.exec(text);
  if (match === null) {
    throw new ColumnUnreadable(
      'type timestamptz',
      "it is infinite, or the session's DateStyle does not begin with ISO",
    );
  }
  const [, year, month, day, hour, minute, second, fraction = '', sign, ...offset] = match;
  const [hours, minutes = 0, seconds = 0] = offset.slice(0, 3).map((part) => Number(part ?? 0));
  const local = new Date(0);
  local.setUTCFullYear(match[12] === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day));
  local.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, '0').slice(0, 3)));
  const offsetMs = ((Number(hours) * 60 + minutes) * 60 + seconds) * 1000;
  return new Date(local.getTime() - (sign === '-' ? -offsetMs : offsetMs));
}

/** ISO 8601 text of a day or an instant, years 0 to 9999, as Postgres takes it. */
export function yearZeroAsBc(iso: string): string {
  return iso.startsWith('0000-') ? `0001${iso.slice(4)} BC` : iso;
}

/** `date` → `'2026-11-22'`, years 0 to 9999. @throws {@link ColumnUnreadable} */
export function dayOf(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  if (/^0001-\d\d-\d\d BC$/.test(text)) return `0000${text.slice(4, 10)}`;
  throw new ColumnUnreadable(
    'type date',
    "it is infinite or outside the years 0 to 9999, or the session's DateStyle does not begin with ISO",
  );
}

/** `bytea` → bytes, of their own, not a window into the driver's buffer. @throws {@link ColumnUnreadable} */
export function bytesOf(text: string): Uint8Array {
  if (!text.startsWith('\\x')) throw new ColumnUnreadable('type bytea', "the session's bytea_output is not hex");
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

/** Bytes as `bytea` takes them. */
export function hexOf(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** `int8` → `number`. @throws {@link ColumnUnreadable} beyond ±(2⁵³−1) */
export function safeInteger(value: string | bigint, what: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new ColumnUnreadable(what, 'it is beyond 2^53; make the column a t.long()');
  return number;
}
