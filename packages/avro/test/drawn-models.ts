import fc from 'fast-check';
import { LEAVES, isLeaf, type FieldModel, type LeafKind, type Model, type RecordModel } from './codec-models.ts';

const plainLeaf: fc.Arbitrary<Model> = fc
  .constantFrom(...(Object.keys(LEAVES) as LeafKind[]))
  .map((kind) => ({ kind }));
const decimal: fc.Arbitrary<Model> = fc
  .tuple(fc.oneof(fc.integer({ min: 1, max: 38 }), fc.constant(38)), fc.integer({ min: 0, max: 38 }))
  .map(([precision, scale]) => ({ kind: 'decimal', precision, scale: Math.min(precision, scale) }));
const symbols = fc.uniqueArray(fc.constantFrom('A', 'b', 'C_1', '_', 'null', 'length', 'N0'), { minLength: 1 });
const enumeration: fc.Arbitrary<Model> = symbols.map((list) => ({ kind: 'enum', name: '', symbols: list }));

const drawn = fc.letrec<{ part: Model; record: RecordModel }>((tie) => {
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

/** Models whose names are still to be given. */
export const { part } = drawn;

/** Also names that would be something else as variables, or as members. */
const FIELDS = ['f0', 'class', 'toJSON', '_f0'];

/** Gives every record and enum a name of its own, and every field one within its record. */
export function named(model: Model): Model {
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
export const models: fc.Arbitrary<RecordModel> = drawn.record.map((one) => named(one) as RecordModel);
