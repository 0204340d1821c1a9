import { invalid } from './avro-name.ts';
import { schemaOf } from './kind.ts';
import { leaf } from './leaf.ts';
import type { Schema } from './schema.ts';

/**
 * Avro `bytes` with logical type `decimal`. In memory a decimal string such as `'12.50'`, as `pg` gives for `numeric`:
 * `'abc'` is a compile error, more digits than `scale` are refused at append, nothing is ever rounded.
 * Stored with exactly `scale` digits after the point: `'12.5'` becomes `'12.50'`, `'-0'` becomes `'0.00'`. No exponent, no leading zeros, no `+`.
 * @param precision total digits, 1 to 38. @param scale digits after the point, 0 to `precision`.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when one of them is out of bounds
 */
export function decimal(precision: number, scale: number): Schema<`${number}`, never, `${number}`, `${number}`> {
  if (!Number.isInteger(precision) || precision < 1 || precision > 38)
    throw invalid(`t.decimal: the precision is a whole number from 1 to 38, not ${precision}`);
  if (!Number.isInteger(scale) || scale < 0 || scale > precision)
    throw invalid(`t.decimal: the scale is a whole number from 0 to the precision, ${precision}, not ${scale}`);
  const before = precision - scale;
  const whole = before === 0 ? '0' : `(?:0|[1-9][0-9]{0,${before - 1}})`;
  const fits = new RegExp(`^-?${whole}${scale === 0 ? '' : `(?:\\.[0-9]{1,${scale}})?`}$`);
  return schemaOf(
    leaf<string>({
      avro: { type: 'bytes', logicalType: 'decimal', precision, scale },
      jsonSchema: { type: 'string', pattern: fits.source },
      expected: `a decimal string with at most ${before} digits before the point and ${scale} after it`,
      accept: (value) => (typeof value === 'string' && fits.test(value) ? canonical(value, scale) : undefined),
    }),
  );
}

function canonical(value: string, scale: number): string {
  const [whole = '0', fraction = ''] = value.split('.');
  const text = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`;
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}
