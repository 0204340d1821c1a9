import { fromBase64, toBase64 } from '../base64.ts';
import { utf8Bytes, utf8Text } from '../text.ts';
import type { AvroPrimitiveName } from './avro-type.ts';

/** Stored JSON form of a writer's type → that of a reader's. What is not of the writer's form is left for the reader's walk to name. */
export type Conversion = (json: unknown) => unknown;

const LONG = /^-?[0-9]{1,19}$/;
const same: Conversion = (json) => json;
const decimalString: Conversion = (json) => (Number.isInteger(json) ? BigInt(json as number).toString() : json);
const nearestDouble: Conversion = (json) => (typeof json === 'string' && LONG.test(json) ? Number(json) : json);
const nearestFloat: Conversion = (json) => (typeof json === 'number' ? Math.fround(json) : json);
const bytesOfText: Conversion = (json) => (typeof json === 'string' ? toBase64(utf8Bytes(json)) : json);
const textOfBytes: Conversion = (json) => {
  const bytes = typeof json === 'string' ? fromBase64(json) : undefined;
  // Text that is no base64 must pass neither for the text that was meant nor for a field that is absent.
  return bytes === undefined ? {} : utf8Text(bytes);
};

/**
 * Avro's promotions. A `long` beyond 2^53 becomes the nearest `double`, ties to even, as a C or Java cast has it; bytes that are no UTF-8 become U+FFFD. Source:
 * Avro specification 1.12, "Schema Resolution".
 */
const PROMOTIONS: { readonly [W in AvroPrimitiveName]?: { readonly [R in AvroPrimitiveName]?: Conversion } } = {
  int: { long: decimalString, float: nearestFloat, double: same },
  long: { float: (json) => nearestFloat(nearestDouble(json)), double: nearestDouble },
  float: { double: same },
  string: { bytes: bytesOfText },
  bytes: { string: textOfBytes },
};

/** How values of one plain type are read as another; `'same'` when their stored form is one; `undefined` when Avro does not allow it. */
export function promotion(writer: AvroPrimitiveName, reader: AvroPrimitiveName): Conversion | 'same' | undefined {
  if (writer === reader) return 'same';
  const found = PROMOTIONS[writer]?.[reader];
  return found === same ? 'same' : found;
}
