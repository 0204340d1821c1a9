import { t } from '@leftfold/core';

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
export const LEAVES = {
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
export type LeafKind = keyof typeof LEAVES;
export const isLeaf = (model: Model): model is { readonly kind: LeafKind } => model.kind in LEAVES;

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

/** `t` takes it. */
export function isDefinable(model: Model): boolean {
  try {
    schemaOf(model);
    return true;
  } catch {
    return false;
  }
}
