import fc from 'fast-check';
import { isDefinable, isLeaf, type LeafKind, type Model, type RecordModel } from './codec-models.ts';
import { models, named, part } from './drawn-models.ts';
import { valuesOf } from './model-values.ts';

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
