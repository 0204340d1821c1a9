import { invalid } from './avro-name.ts';
import { wholeNumberPattern } from './json-schema-whole-number.ts';
import type { JsonSchema } from './json-schema-form.ts';
import { schemaOf } from './kind.ts';
import { leaf } from './leaf.ts';
import { bigintAvro } from './memory-avro.ts';
import type { Schema } from './schema.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}
const INT: Range = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const SAFE: Range = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
const LONG = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** A whole number as `long` is stored: one text per value, and never long enough to be slow to convert. */
const isDecimal = (value: unknown): boolean => typeof value === 'string' && /^(?:0|-?[1-9][0-9]{0,18})$/.test(value);

/** The same as a number, if it is within ±(2⁵³−1). By hand: every `t.integer()` of every event that is read passes here, and this is five times as quick. */
function safeInteger(text: string): number | undefined {
  const sign = text.charCodeAt(0) === MINUS ? 1 : 0;
  const digits = text.length - sign;
  if (digits < 1 || digits > 16 || (text.charCodeAt(sign) === ZERO && text.length > 1)) return undefined;
  let value = 0;
  for (let i = sign; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (value > SAFE.max) return undefined;
  return sign === 1 ? -value : value;
}
const [MINUS, ZERO] = [0x2d, 0x30];

/** Avro `int`: a whole number in ±2³¹. @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when `min` or `max` is none, or `min` > `max` */
export function int(
  constraints: { readonly min?: number; readonly max?: number } = {},
): Schema<number, never, number, number> {
  return schemaOf(
    leaf<number>({
      avro: 'int',
      jsonSchema: (form) => ({ type: 'integer', format: 'int32', ...(form === 'input' && range(constraints, INT)) }),
      expected: `a whole number from ${INT.min} to ${INT.max}`,
      accept: (value) => wholeNumber(value, INT),
      constraint: bounds('t.int', constraints, INT),
    }),
  );
}

/**
 * Avro `long` as a `number`: a whole number in ±(2⁵³−1), checked on reading, too. The everyday integer, for money in cents as well.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when `min` or `max` is no such number, or `min` > `max`
 */
export function integer(
  constraints: { readonly min?: number; readonly max?: number } = {},
): Schema<number, never, `${bigint}`, number | `${bigint}`> {
  const accept = (value: unknown): number | undefined =>
    typeof value === 'string' ? safeInteger(value) : wholeNumber(value, SAFE);
  return schemaOf(
    leaf<number>({
      avro: 'long',
      jsonSchema: (form) =>
        form === 'output' ? { type: 'integer', ...range({}, SAFE) } : numberOrText(SAFE_DIGITS, constraints),
      expected: 'a whole number in ±(2^53−1), or its decimal string',
      accept,
      write: (value) => wholeNumber(value, SAFE)?.toString(),
      constraint: bounds('t.integer', constraints, SAFE),
    }),
  );
}

/** Avro `long` as a `bigint`, ±2⁶³: for what may pass 2⁵³. Same wire and stored form as {@link integer}, so one may become the other. */
export function long(): Schema<bigint, never, `${bigint}`, bigint | number | `${bigint}`> {
  const fit = (value: unknown): bigint | undefined =>
    typeof value === 'bigint' && value >= LONG.min && value <= LONG.max ? value : undefined;
  const kind = leaf<bigint>({
    avro: 'long',
    jsonSchema: (form) => {
      const either = numberOrText(LONG_DIGITS);
      return form === 'input' ? either : { type: 'string', pattern: wholeNumberPattern(LONG_DIGITS) };
    },
    expected: 'a bigint in ±2^63, a safe integer or a decimal string',
    accept: (value) => fit(isDecimal(value) || Number.isSafeInteger(value) ? BigInt(value as string | number) : value),
    write: (value) => fit(value)?.toString(),
  });
  return schemaOf({ ...kind, avro: bigintAvro });
}

/** Avro `double`. Refused at append: NaN and ±Infinity. Never for money. */
export function double(): Schema<number, never, number, number> {
  return schemaOf(
    leaf<number>({
      avro: 'double',
      jsonSchema: { type: 'number', format: 'double' },
      expected: 'a finite number',
      accept: (value) => (Number.isFinite(value) ? withoutMinusZero(value as number) : undefined),
    }),
  );
}

const [SAFE_DIGITS, LONG_DIGITS] = [16, 19];
const range = ({ min, max }: Partial<Range>, type: Range): JsonSchema => ({
  minimum: min ?? type.min,
  maximum: max ?? type.max,
});
/** A whole number as people write it, or as it is stored. */
const numberOrText = (digits: number, constraints: Partial<Range> = {}): JsonSchema => ({
  anyOf: [
    { type: 'integer', ...range(constraints, SAFE) },
    { type: 'string', pattern: wholeNumberPattern(digits, constraints.min, constraints.max) },
  ],
});

const wholeNumber = (value: unknown, { min, max }: Range): number | undefined =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max
    ? withoutMinusZero(value as number)
    : undefined;

/** JSON text writes −0 as 0, so the value that was decided on must not differ from the one that is read. */
const withoutMinusZero = (value: number): number => value + 0;

function bounds(
  builder: string,
  { min, max }: Partial<Range>,
  range: Range,
): ((value: number) => string | undefined) | undefined {
  if (min === undefined && max === undefined) return undefined;
  const low = min ?? range.min;
  const high = max ?? range.max;
  for (const bound of [low, high])
    if (wholeNumber(bound, range) === undefined)
      throw invalid(`${builder}: min and max are whole numbers from ${range.min} to ${range.max}, not ${bound}`);
  if (low > high) throw invalid(`${builder}: min ${low} is greater than max ${high}`);
  return (value) => (value < low ? `expected at least ${low}` : value > high ? `expected at most ${high}` : undefined);
}
