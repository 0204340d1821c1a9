import { withPoint } from '@leftfold/core';
import { Unfit } from './unfit.ts';

/** A decimal's unscaled value is a whole number of so many digits at most, two's complement, big-endian. */
export interface DecimalForm {
  readonly precision: number;
  readonly scale: number;
}

/** 38 digits need 16 bytes. A longer text would take the square of its length to make. */
const MAX_BYTES = 32;
/** As many bytes are exact as a number. */
const EXACT_BYTES = 6;
const EXACT_DIGITS = 15;

/** The bytes from a place to another → `'12.50'`. @throws {@link Unfit} when they have more digits than the precision */
export function decimalText(bytes: Buffer, from: number, to: number, { precision, scale }: DecimalForm): string {
  const length = to - from;
  if (length > MAX_BYTES) throw new Unfit('a decimal has more digits than its precision');
  const unscaled = (
    length === 0
      ? 0
      : length <= EXACT_BYTES
        ? bytes.readIntBE(from, length)
        : BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex', from, to)}`))
  ).toString();
  if (unscaled.length - (unscaled.startsWith('-') ? 1 : 0) > precision)
    throw new Unfit('a decimal has more digits than its precision');
  return withPoint(unscaled, scale);
}

/** `'12.50'` with exactly `scale` digits after the point → the fewest bytes that hold it. @throws {@link Unfit} for anything else */
export function decimalBytes(text: unknown, { precision, scale }: DecimalForm): Buffer {
  if (typeof text !== 'string' || !/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(text))
    throw new Unfit('is no decimal string');
  const point = text.indexOf('.');
  if ((point === -1 ? 0 : text.length - point - 1) !== scale)
    throw new Unfit(`has not exactly ${scale} digits after the point`);
  const digits = point === -1 ? text : text.slice(0, point) + text.slice(point + 1);
  if (digits.replace(/^-?0*/, '').length > precision) throw new Unfit(`has more than ${precision} digits`);
  return digits.length <= EXACT_DIGITS ? ofNumber(Number(digits)) : ofBigint(BigInt(digits));
}

function ofNumber(value: number): Buffer {
  let length = 1;
  for (let limit = 128; value < -limit || value >= limit; limit *= 256) length += 1;
  const bytes = Buffer.allocUnsafe(length);
  if (length <= EXACT_BYTES) bytes.writeIntBE(value, 0, length);
  else return ofBigint(BigInt(value));
  return bytes;
}

function ofBigint(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  const hex = BigInt.asUintN(length * 8, value).toString(16);
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex');
}
