import { withPoint, type AvroType, type t } from '@leftfold/core';

/**
 * How far the numbers of a sample go. `far` is as far as values of a business do, not as far as their type does: a sample stays for ever, and an upcaster of years later that
 * makes cents of euros must not fail at 10³⁰⁸ of them. What still goes too far (`min: 0`) is tried again nearer.
 */
export type Reach = 'far' | 'near';
/** Which end of its type's range a value is of. */
export type End = 'least' | 'greatest';

type Leaf = Exclude<AvroType, { readonly kind: 'array' | 'map' | 'union' | 'record' | 'enum' }>;
type Bounds = readonly [least: t.Json, greatest: t.Json];

/** What text can go wrong with: letters of two, three and four bytes, a mark that joins, both directions, quotes and line ends. */
const NON_ASCII = 'Zoë Müßler · 東京 · 🚀 · e\u0301 · שלום · "\\\n';

const NUMBERS: Readonly<Record<Reach, Readonly<Record<'int' | 'long' | 'float' | 'double', Bounds>>>> = {
  far: {
    int: [-(2 ** 31), 2 ** 31 - 1],
    long: ['-1000000000000', '1000000000000'],
    float: [-(2 ** 20) - 0.5, 2 ** 20 + 0.5],
    double: [-(2 ** 40) - 0.25, 2 ** 40 + 0.25],
  },
  near: { int: [0, 1000], long: ['0', '1000'], float: [0, 1000.5], double: [0, 1000.25] },
};

/** The value of a type without parts, at one end of its range, in stored JSON form. */
export function extreme(type: Leaf, end: End, reach: Reach): t.Json {
  return bounds(type, reach)[end === 'least' ? 0 : 1];
}

function bounds(type: Leaf, reach: Reach): Bounds {
  const logical = 'logical' in type ? type.logical : undefined;
  switch (logical?.name) {
    case 'uuid':
      return ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    case 'date':
      return reach === 'near' ? ['1970-01-01', '2099-12-31'] : ['0000-01-01', '9999-12-31'];
    case 'timestamp-millis':
      return reach === 'near'
        ? ['1970-01-01T00:00:00.000Z', '2099-12-31T23:59:59.999Z']
        : ['0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'];
    case 'decimal': {
      const digits = withPoint('9'.repeat(decimalDigits(type, logical.precision)), logical.scale);
      return [reach === 'near' ? withPoint('0', logical.scale) : `-${digits}`, digits];
    }
    case undefined:
      break;
  }
  switch (type.kind) {
    case 'null':
      return [null, null];
    case 'boolean':
      return [false, true];
    case 'string':
      return ['', reach === 'near' ? NON_ASCII : NON_ASCII.repeat(8)];
    case 'bytes':
      return ['', base64(Array.from({ length: 256 }, (_, i) => i))];
    case 'fixed':
      return [Buffer.alloc(type.size).toString('base64'), Buffer.alloc(type.size, 0xff).toString('base64')];
    case 'int':
    case 'long':
    case 'float':
    case 'double':
      return NUMBERS[reach][type.kind];
  }
}

/** One of the ordinary values of a type without parts, another for each `turn` and `place`: two fields that an upcaster mistakes for each other must differ. */
export function ordinary(type: Leaf, turn: number, place: number): t.Json {
  const n = turn + place;
  const logical = 'logical' in type ? type.logical : undefined;
  const digits = String(n % 1000);
  switch (logical?.name) {
    case 'uuid':
      return `0199a1b2-c3d4-7e5f-8a6b-${String(n).padStart(12, '0')}`;
    case 'date':
      return `2024-02-${String((n % 20) + 10)}`;
    case 'timestamp-millis':
      return `2026-11-22T01:02:03.${String(n % 1000).padStart(3, '0')}Z`;
    case 'decimal':
      return withPoint(String((n % 9) + 1), logical.scale);
    case undefined:
      break;
  }
  switch (type.kind) {
    case 'null':
      return null;
    case 'boolean':
      return turn % 2 === 0;
    case 'int':
      return 7 + n;
    case 'long':
      return String(1700 + n);
    case 'float':
    case 'double':
      return 12.5 + n;
    case 'string':
      return turn % 2 === 0 ? `Zoë 東京 ${digits}` : `plain ${digits}`;
    case 'bytes':
      return base64([0, 0xff, n % 256]);
    case 'fixed':
      return base64(Array.from({ length: type.size }, (_, i) => (i + n) % 256));
  }
}

/** Digits of which a fixed type of so many bytes has room for all values. */
function decimalDigits(type: Leaf, precision: number): number {
  if (type.kind !== 'fixed') return precision;
  return Math.max(1, Math.min(precision, Math.floor(Math.log10(2) * (8 * type.size - 1))));
}
const base64 = (bytes: readonly number[]): string => Buffer.from(bytes).toString('base64');
