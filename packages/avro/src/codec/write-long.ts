import type { Tap } from './avsc-protocol.ts';
import { Unfit } from './unfit.ts';

/** As many decimal digits are exact as a number, also doubled. */
const EXACT_DIGITS = 15;
const DECIMAL = /^(?:0|-?[1-9][0-9]{0,18})$/;
const LONG = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const [MINUS, ZERO] = [0x2d, 0x30];

/** The stored form of a `long`, a decimal string, → Avro. @throws {@link Unfit} for anything else */
export function writeLongText(tap: Tap, text: unknown): void {
  if (typeof text !== 'string') throw new Unfit('is no decimal string');
  const value = shortInteger(text);
  if (value !== undefined) return tap.writeLong(value);
  const long = DECIMAL.test(text) ? BigInt(text) : LONG.max + 1n;
  if (long < LONG.min || long > LONG.max) throw new Unfit('is no decimal string in ±2^63');
  let zigzag = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n));
  for (; zigzag > 0x7fn; zigzag >>= 7n) tap.buf[tap.pos++] = Number(zigzag & 0x7fn) | 0x80;
  tap.buf[tap.pos++] = Number(zigzag);
}

/** By hand: every `t.integer()` of every event that is relayed passes here. */
function shortInteger(text: string): number | undefined {
  const sign = text.charCodeAt(0) === MINUS ? 1 : 0;
  const digits = text.length - sign;
  if (digits < 1 || digits > EXACT_DIGITS || (text.charCodeAt(sign) === ZERO && text.length > 1)) return undefined;
  let value = 0;
  for (let at = sign; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return sign === 1 ? -value : value;
}
