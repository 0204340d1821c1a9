import { t } from '@leftfold/core';

/** One side of a change: fields as the builders say them, or as Avro JSON where they cannot. */
export type Side = { readonly fields: t.Fields } | { readonly avro: readonly t.Json[] };
/** Who reads whom after the change, by Avro's specification as we take it. */
export type Readable = 'both' | 'backward' | 'forward' | 'neither';

/** A change of a text. */
export interface Change {
  readonly title: string;
  readonly before: Side;
  readonly after: Side;
  readonly readable: Readable;
}

/** Of fields as the builders say them. */
export const change = (title: string, readable: Readable, before: t.Fields, after: t.Fields): Change => ({
  title,
  readable,
  before: { fields: before },
  after: { fields: after },
});
/** Of a single field `f`, as Avro JSON. */
export const foreign = (title: string, readable: Readable, before: t.Json, after: t.Json): Change => ({
  title,
  readable,
  before: { avro: [{ name: 'f', type: before }] },
  after: { avro: [{ name: 'f', type: after }] },
});
/** Of fields as Avro JSON. */
export const fields = (
  title: string,
  readable: Readable,
  before: readonly t.Json[],
  after: readonly t.Json[],
): Change => ({
  title,
  readable,
  before: { avro: before },
  after: { avro: after },
});
/** A change of type of the field `f`. */
export const retyped = (title: string, readable: Readable, before: t.AnySchema, after: t.AnySchema): Change =>
  change(title, readable, { f: before }, { f: after });

export const Kept: t.AnySchema = t.string();
export const Currency = (...symbols: [string, ...string[]]): t.AnySchema => t.enum('Currency', symbols);
export const Money = (members: t.Fields): t.AnySchema => t.record('Money', members);
export const enumOf = (symbols: readonly string[], more: { readonly [key: string]: t.Json } = {}): t.Json => ({
  type: 'enum',
  name: 'Currency',
  symbols,
  ...more,
});
export const fixed = (size: number, more: { readonly [key: string]: t.Json } = {}): t.Json => ({
  type: 'fixed',
  name: 'Hash',
  size,
  ...more,
});
export const recordOf = (
  name: string,
  members: readonly t.Json[],
  more: { readonly [key: string]: t.Json } = {},
): t.Json => ({
  type: 'record',
  name,
  fields: members,
  ...more,
});
