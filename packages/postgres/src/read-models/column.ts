import { decodePayload, type Json, type t } from '@leftfold/core';
import { columnForm } from '@leftfold/subscriptions';
import { bytesOf, dayOf, hexOf, instantOf, safeInteger, yearZeroAsBc } from './value-text.ts';

/** A column of a read model: how its schema is kept in Postgres. */
export interface Column {
  readonly name: string;
  /** The type as Postgres itself spells it (`format_type`), so that it can be compared with what is there. */
  readonly type: string;
  readonly isNullable: boolean;
  /** An enum is text that is checked; no type of its own, which would have to be altered and dropped beside the table. */
  readonly symbols?: readonly string[];
  /** True for a `t.integer()`: an int8 that is a `number` in memory, where every other int8 is a `bigint`. */
  readonly isSafeInteger: boolean;
  /** The value of a row → what `json_to_recordset` takes for this type. The projector has checked it. */
  readonly encode: (value: unknown) => Json;
  /** Postgres' text → the value in a row. @throws {@link ColumnUnreadable} */
  readonly decode: (text: string | null) => unknown;
}

/** One type: its name, and the ways in and out where the value is not simply its text. */
interface Kept {
  readonly type: string;
  readonly encode?: (value: never) => Json;
  readonly decode?: (text: string) => unknown;
  readonly symbols?: readonly string[];
}

/** The column of a schema: scalars have a type of their own and stand in rows as in memory; all else is jsonb and stands there in JSON form. */
export function column(name: string, schema: t.AnySchema): Column {
  const branches: readonly Json[] = Array.isArray(schema.avro) ? schema.avro : [schema.avro];
  const kept = columnForm(schema) === 'json' ? COMPOSITE : scalar(branches.find((branch) => branch !== 'null'));
  const isSafeInteger = kept === LONG && !isBigint(schema);
  const { type, symbols, encode, decode } = isSafeInteger ? safeIntegers(name) : kept;
  return {
    name,
    type,
    isNullable: branches.includes('null'),
    isSafeInteger,
    ...(symbols && { symbols }),
    encode: (value) => (value === null || encode === undefined ? (value as Json) : encode(value as never)),
    decode: (text) => (text === null || decode === undefined ? text : decode(text)),
  };
}

const COMPOSITE: Kept = { type: 'jsonb', decode: (text) => JSON.parse(text) as Json };
const LONG: Kept = { type: 'bigint', encode: String, decode: BigInt };
const safeIntegers = (name: string): Kept => ({ ...LONG, decode: (text) => safeInteger(text, `column ${name}`) });
/** By logical type, else by type. */
const SCALARS: ReadonlyMap<Json | undefined, Kept> = new Map<Json | undefined, Kept>([
  ['string', { type: 'text' }],
  ['uuid', { type: 'uuid' }],
  ['boolean', { type: 'boolean', decode: (text) => text.startsWith('t') }],
  ['int', { type: 'integer', decode: Number }],
  ['long', LONG],
  ['double', { type: 'double precision', decode: Number }],
  ['bytes', { type: 'bytea', encode: hexOf, decode: bytesOf }],
  ['date', { type: 'date', encode: yearZeroAsBc, decode: dayOf }],
  [
    'timestamp-millis',
    {
      type: 'timestamp(3) with time zone',
      encode: (value: Date) => yearZeroAsBc(value.toISOString()),
      decode: instantOf,
    },
  ],
]);

function scalar(avro: Json | undefined): Kept {
  const { type, logicalType, precision, scale, symbols } =
    typeof avro === 'string' ? { type: avro } : (avro as { readonly [attribute: string]: Json });
  if (logicalType === 'decimal') return { type: `numeric(${Number(precision)},${Number(scale)})` };
  if (type === 'enum') return { type: 'text', symbols: symbols as readonly string[] };
  const kept = SCALARS.get(logicalType ?? type);
  if (kept === undefined) throw new TypeError(`there is no column type for ${JSON.stringify(avro)}`);
  return kept;
}

/** `t.integer()` and `t.long()` are one in Avro and in JSON; what a zero becomes in memory tells them apart. */
function isBigint(schema: t.AnySchema): boolean {
  const zero = decodePayload(schema, '"0"');
  return 'value' in zero && typeof zero.value === 'bigint';
}
