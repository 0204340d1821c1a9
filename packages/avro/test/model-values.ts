import fc from 'fast-check';
import type { Model, RecordModel } from './codec-models.ts';

const storable = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0')) },
  // Whose length takes two bytes.
  fc.constantFrom('x'.repeat(63), 'x'.repeat(64), 'ä'.repeat(200)),
);
const key = fc.oneof(
  storable.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text)),
  fc.constantFrom('', '0', '10', '-1', 'toString', 'valueOf', 'hasOwnProperty', '__proto', 'length', 'toJSON'),
);
const instant = fc.oneof(
  fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  }),
  fc
    .constantFrom('0000-01-01', '0000-02-29', '0099-12-31', '1969-12-31', '1970-01-01', '2000-02-29', '9999-12-31')
    .chain((day) => fc.constantFrom(new Date(`${day}T00:00:00.000Z`), new Date(`${day}T23:59:59.999Z`))),
);
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // Where arithmetic changes: bytes of a varint, what a double holds.
  fc
    .tuple(
      fc.constantFrom(0n, 6n, 13n, 31n, 48n, 49n, 52n, 53n, 54n, 62n),
      fc.bigInt({ min: -3n, max: 3n }),
      fc.boolean(),
    )
    .map(([power, near, negative]) => (negative ? -1n : 1n) * (2n ** power + near)),
);
const safe = long.filter((value) => Number.isSafeInteger(Number(value))).map(Number);
const withoutMinusZero = (value: number): number => value + 0;

/** Values of a model in memory form. */
export function valuesOf(model: Model): fc.Arbitrary<unknown> {
  switch (model.kind) {
    case 'string':
      return storable;
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'integer':
      return safe.map(withoutMinusZero);
    case 'long':
      return long;
    case 'double':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map(withoutMinusZero);
    case 'bytes':
      return fc.uint8Array({ maxLength: 9 });
    case 'uuid':
      return fc.uuid();
    case 'date':
      return instant.map((date) => date.toISOString().slice(0, 10));
    case 'timestampMillis':
      return instant;
    case 'decimal':
      return decimals(model.precision, model.scale);
    case 'enum':
      return fc.constantFrom(...model.symbols);
    case 'array':
      return fc.oneof(
        { weight: 9, arbitrary: fc.array(valuesOf(model.of), { maxLength: 3 }) },
        // A count of two bytes.
        valuesOf(model.of).map((item) => Array.from({ length: 64 }, () => structuredClone(item))),
      );
    case 'map':
      return fc.dictionary(key, valuesOf(model.of), { maxKeys: 3, noNullPrototype: true });
    case 'nullable':
      return fc.option(valuesOf(model.of));
    case 'record':
      return recordValues(model);
    case 'union':
      return fc.oneof(
        ...model.variants.map((one) => recordValues(one).map((value) => ({ [model.tag]: one.name, ...value }))),
      );
  }
}
const recordValues = ({ fields }: RecordModel): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, valuesOf(type)])), { noNullPrototype: true });

function decimals(precision: number, scale: number): fc.Arbitrary<string> {
  const most = 10n ** BigInt(precision) - 1n;
  const unscaled = fc.oneof(fc.bigInt({ min: -most, max: most }), fc.constantFrom(0n, most, -most));
  return unscaled.map((value) => {
    const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
    const point = digits.length - scale;
    return `${value < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
  });
}
