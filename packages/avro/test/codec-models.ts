import { t } from '@leftfold/core';
import fc from 'fast-check';

/** A schema as data, so that another one can be made of it by changing a part. */
export type Model =
  | { readonly kind: LeafKind }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array' | 'map' | 'nullable'; readonly of: Model }
  | RecordModel
  | { readonly kind: 'union'; readonly tag: string; readonly variants: readonly RecordModel[] };
export interface RecordModel {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: readonly FieldModel[];
}
export interface FieldModel {
  readonly name: string;
  readonly type: Model;
  /** In memory form. */
  readonly absent?: { readonly value: unknown };
}
const LEAVES = {
  string: t.string(),
  boolean: t.boolean(),
  int: t.int(),
  integer: t.integer(),
  long: t.long(),
  double: t.double(),
  bytes: t.bytes(),
  uuid: t.uuid(),
  date: t.date(),
  timestampMillis: t.timestampMillis(),
};
type LeafKind = keyof typeof LEAVES;
const isLeaf = (model: Model): model is { readonly kind: LeafKind } => model.kind in LEAVES;

/** The schema of a model. @throws when `t` refuses it, as two shapes under one name */
export function schemaOf(model: Model): t.AnySchema {
  if (isLeaf(model)) return LEAVES[model.kind];
  switch (model.kind) {
    case 'decimal':
      return t.decimal(model.precision, model.scale);
    case 'enum':
      return t.enum(model.name, model.symbols as unknown as [string]);
    case 'array':
      return t.array(schemaOf(model.of));
    case 'map':
      return t.map(schemaOf(model.of));
    case 'nullable':
      return t.nullable(schemaOf(model.of));
    case 'record':
      return t.record(model.name, fieldsOf(model));
    case 'union':
      return t.union(model.tag, Object.fromEntries(model.variants.map((one) => [one.name, fieldsOf(one)])));
  }
}
const fieldsOf = ({ fields }: RecordModel): t.Fields =>
  Object.fromEntries(
    fields.map(({ name, type, absent }) => {
      const schema = schemaOf(type);
      return [name, absent === undefined ? schema : t.withDefault(schema, absent.value)];
    }),
  );

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

const plainLeaf: fc.Arbitrary<Model> = fc
  .constantFrom(...(Object.keys(LEAVES) as LeafKind[]))
  .map((kind) => ({ kind }));
const decimal: fc.Arbitrary<Model> = fc
  .tuple(fc.oneof(fc.integer({ min: 1, max: 38 }), fc.constant(38)), fc.integer({ min: 0, max: 38 }))
  .map(([precision, scale]) => ({ kind: 'decimal', precision, scale: Math.min(precision, scale) }));
const symbols = fc.uniqueArray(fc.constantFrom('A', 'b', 'C_1', '_', 'null', 'length', 'N0'), { minLength: 1 });
const enumeration: fc.Arbitrary<Model> = symbols.map((list) => ({ kind: 'enum', name: '', symbols: list }));

/** Models whose names are still to be given. */
const { part, record } = fc.letrec<{ part: Model; record: RecordModel }>((tie) => {
  const some = tie('part');
  const leaf = fc.oneof({ weight: 6, arbitrary: plainLeaf }, { weight: 1, arbitrary: decimal }, enumeration);
  const field: fc.Arbitrary<FieldModel> = some.map((type) => ({ name: '', type }));
  const fields = fc.array(field, { maxLength: 4 });
  return {
    record: fields.map((list) => ({ kind: 'record', name: '', fields: list })),
    part: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.tuple(fc.constantFrom('array' as const, 'map' as const), some).map(([kind, of]) => ({ kind, of })),
      some.map((of): Model => ({ kind: 'nullable', of })),
      tie('record'),
      fc
        .array(tie('record'), { minLength: 1, maxLength: 3 })
        .map((variants): Model => ({ kind: 'union', tag: 'kind', variants })),
      // Variants that differ in nothing but the tag.
      fc.tuple(tie('record'), fc.integer({ min: 2, max: 3 })).map(([one, times]): Model => ({
        kind: 'union',
        tag: 'kind',
        variants: Array.from({ length: times }, () => one),
      })),
    ),
  };
});

/** Also names that would be something else as variables, or as members. */
const FIELDS = ['f0', 'class', 'toJSON', '_f0'];

/** Gives every record and enum a name of its own, and every field one within its record. */
function named(model: Model): Model {
  let names = 0;
  const recordOf = (one: RecordModel, name: string): RecordModel => ({
    kind: 'record',
    name,
    fields: one.fields.map(({ type }, i) => ({ name: FIELDS[i] ?? `f${i}`, type: of(type) })),
  });
  const of = (one: Model): Model => {
    if (isLeaf(one)) return one;
    switch (one.kind) {
      case 'decimal':
        return one;
      case 'enum':
        return { ...one, name: `E${names++}` };
      case 'array':
      case 'map':
      case 'nullable':
        return { ...one, of: of(one.of) };
      case 'record':
        return recordOf(one, `R${names++}`);
      case 'union': {
        // After the tag: two unions in one schema must not have branches of one name.
        const tag = `tag${names++}`;
        return { ...one, tag, variants: one.variants.map((variant, i) => recordOf(variant, `v${i}`)) };
      }
    }
  };
  return of(model);
}

/** Records with everything that `t` has, a few levels deep. */
export const models: fc.Arbitrary<RecordModel> = record.map((one) => named(one) as RecordModel);

/** Changes one part of a model, as releases do. `where` and `how` choose. */
function edited(model: Model, how: Edit): Model {
  let left = how.where;
  const at = (one: Model): Model => {
    if (left-- === 0) return change(one, how);
    if (isLeaf(one)) return one;
    switch (one.kind) {
      case 'decimal':
      case 'enum':
        return one;
      case 'array':
      case 'map':
      case 'nullable':
        return { ...one, of: at(one.of) };
      case 'record':
        return { ...one, fields: one.fields.map((field) => ({ ...field, type: at(field.type) })) };
      case 'union':
        return { ...one, variants: one.variants.map((variant) => at(variant) as RecordModel) };
    }
  };
  return at(model);
}
interface Edit {
  readonly where: number;
  readonly how: number;
  readonly other: Model;
  readonly value: unknown;
}
const edit: fc.Arbitrary<Edit> = part.chain((drawn) => {
  const other = renamed(named(drawn));
  return fc.record({ where: fc.nat(8), how: fc.nat(11), other: fc.constant(other), value: valuesOf(other) });
});
/** Names of what is put in, apart from those that are there. */
const renamed = (model: Model): Model =>
  JSON.parse(JSON.stringify(model), (member, value: unknown) =>
    (member === 'name' || member === 'tag') && typeof value === 'string' && !/^[fv]\d/.test(value)
      ? `New${value}`
      : value,
  ) as Model;

const PROMOTED: { readonly [kind: string]: readonly LeafKind[] } = {
  int: ['integer', 'long', 'double'],
  integer: ['long', 'double'],
  long: ['integer', 'double'],
  string: ['bytes', 'uuid'],
  bytes: ['string'],
};

function change(one: Model, { how, other, value }: Edit): Model {
  const promoted = PROMOTED[one.kind]?.[how % 3];
  if (promoted !== undefined) return { kind: promoted };
  if (isLeaf(one) || one.kind === 'array' || one.kind === 'map')
    return how % 3 === 0 ? other : { kind: 'nullable', of: one };
  switch (one.kind) {
    case 'record':
      return { ...one, ...changedRecord(one, how, other, value) };
    case 'union':
      return how % 2 === 0 && one.variants.length > 1
        ? { ...one, variants: one.variants.slice(1) }
        : { ...one, variants: [{ kind: 'record', name: 'fresh', fields: [] }, ...one.variants] };
    case 'enum':
      if (how % 4 === 0) return { ...one, name: `${one.name}x` };
      return { ...one, symbols: how % 2 === 0 ? ['Z', ...one.symbols] : one.symbols.slice(-1) };
    case 'decimal':
      return how % 2 === 0 ? { ...one, precision: Math.min(38, one.precision + 1) } : { ...one, scale: 0 };
    case 'nullable':
      return one.of;
  }
}

function changedRecord({ name, fields }: RecordModel, how: number, other: Model, value: unknown): Partial<RecordModel> {
  switch (how % 6) {
    case 0:
      return { fields: fields.slice(1) };
    case 1:
      return { fields: [...fields, { name: 'added', type: other, absent: { value } }] };
    case 2:
      return { fields: [{ name: 'added', type: { kind: 'nullable', of: other } }, ...fields] };
    case 3:
      return { fields: fields.toReversed() };
    case 4:
      return how < 6 ? { fields: [...fields, { name: 'added', type: other }] } : { name: `${name}x` };
    default: {
      const [first] = fields;
      // A named type at two places; what is a number here may be a bigint there.
      return first === undefined ? {} : { fields: [...fields, { name: 'again', type: inMemoryOtherwise(first.type) }] };
    }
  }
}
/** Without defaults: they would be of the other type, and JSON does not hold a bigint. */
const inMemoryOtherwise = (model: Model): Model => {
  const bare = JSON.stringify(model, (member, value: unknown) => (member === 'absent' ? undefined : value));
  return JSON.parse(bare, (_, value: unknown) =>
    value === 'integer' ? 'long' : value === 'long' ? 'integer' : value,
  ) as Model;
};

/** A model and what became of it after a few changes, some of which cannot be read. Only such that `t` takes. */
export const pairs: fc.Arbitrary<readonly [RecordModel, RecordModel]> = fc
  .tuple(models, fc.array(edit, { minLength: 0, maxLength: 3 }))
  .map(([model, edits]) => [model, edits.reduce<Model>(edited, model) as RecordModel] as const)
  .filter(([one, other]) => isDefinable(one) && isDefinable(other));

function isDefinable(model: Model): boolean {
  try {
    schemaOf(model);
    return true;
  } catch {
    return false;
  }
}
