import type { Tap } from './avsc-protocol.ts';
import { Unfit } from './unfit.ts';

const DAY_MS = 86_400_000;
/** The stored form knows years of four digits. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Milliseconds since 1970 → `Date`. @throws {@link Unfit} outside the years 0 to 9999 */
export function instant(ms: number): Date {
  if (ms >= FIRST_MS && ms <= LAST_MS) return new Date(ms);
  throw new Unfit('a timestamp is outside the years 0 to 9999');
}

/** Days since 1970 → `'2026-11-22'`. @throws {@link Unfit} outside the years 0 to 9999 */
export function day(days: number): string {
  const ms = days * DAY_MS;
  if (ms >= FIRST_MS && ms <= LAST_MS) return new Date(ms).toISOString().slice(0, 10);
  throw new Unfit('a date is outside the years 0 to 9999');
}

/** `2026-11-22T01:02:03.004Z`, the one form that is stored → `timestamp-millis`. @throws {@link Unfit} for anything else */
export function writeInstantText(tap: Tap, text: unknown): void {
  if (typeof text !== 'string' || text.length !== 24 || !isFramed(text, ':', [13, 16]))
    throw new Unfit('is no instant as it is stored, such as 2026-11-22T01:02:03.004Z');
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const ms = digits(text, 20, 23);
  // NaN is never below anything.
  const isTime = hour < 24 && minute < 60 && second < 60 && ms < 1000;
  if (!isTime || text[10] !== 'T' || text[19] !== '.' || text[23] !== 'Z') throw new Unfit('is no time of a day');
  tap.writeLong(startOfDay(text) + ((hour * 60 + minute) * 60 + second) * 1000 + ms);
}

/** `2026-11-22` → `date`. @throws {@link Unfit} for anything else */
export function writeDayText(tap: Tap, text: unknown): void {
  if (typeof text !== 'string' || text.length !== 10) throw new Unfit('is no calendar day such as 2026-11-22');
  tap.writeInt(startOfDay(text) / DAY_MS);
}

/** Its milliseconds since 1970. @throws {@link Unfit} where the text does not begin with a day that exists */
function startOfDay(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const date = digits(text, 8, 10);
  if (isFramed(text, '-', [4, 7]) && year >= 0 && month >= 1 && month <= 12 && date >= 1) {
    // Date.UTC takes the years before 100 for those of the last century; 400 years are a whole number of weeks and leap days.
    const ms = Date.UTC(year + 400, month - 1, date) - FOUR_CENTURIES_MS;
    // 30 February comes out as 2 March.
    if (new Date(ms).getUTCDate() === date) return ms;
  }
  throw new Unfit('is no day that exists');
}
const FOUR_CENTURIES_MS = 146_097 * DAY_MS;

const isFramed = (text: string, mark: string, places: readonly number[]): boolean =>
  places.every((at) => text[at] === mark);

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}
