import type { t } from '@leftfold/core';

/** A header of a record, or a member of the header `lf`, as contracts describe it. */
export interface HeaderField {
  readonly name: string;
  /** One sentence, for people. */
  readonly says: string;
  /** In every record. */
  readonly always: boolean;
  /** JSON Schema of its value. */
  readonly schema: HeaderSchema;
}
type HeaderSchema = {
  readonly type: 'string' | 'integer';
  readonly const?: string | number;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly contentMediaType?: string;
};

const text: HeaderSchema = { type: 'string', minLength: 1 };
const time: HeaderSchema = { type: 'string', format: 'date-time' };
const count: HeaderSchema = { type: 'integer', minimum: 1 };
const decimal: HeaderSchema = { type: 'string', pattern: '^[1-9][0-9]{0,18}$' };

/** The headers that a relay writes, in the order in which `formatRecord` does; a test holds the two together. */
export const RECORD_HEADERS: readonly HeaderField[] = [
  { name: 'ce_specversion', says: 'Version of CloudEvents.', always: true, schema: { type: 'string', const: '1.0' } },
  {
    name: 'ce_id',
    says: 'Id of the event, unique in its log and tenant; a record sent again has the same.',
    always: true,
    schema: { type: 'string', format: 'uuid' },
  },
  { name: 'ce_source', says: 'The service that wrote it.', always: true, schema: text },
  {
    name: 'ce_type',
    says: 'The event type as it was called when the event was written; a renamed type keeps its former names here.',
    always: true,
    schema: text,
  },
  { name: 'ce_time', says: 'When the log recorded it, UTC.', always: true, schema: time },
  { name: 'ce_subject', says: 'Id of its stream, `<category>-<key>`.', always: true, schema: text },
  { name: 'content-type', says: 'Form of the value.', always: true, schema: text },
  {
    name: 'traceparent',
    says: 'W3C Trace Context of what caused it.',
    always: false,
    schema: { type: 'string', pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  },
  {
    name: 'lf',
    says: 'Everything else, as compact JSON.',
    always: true,
    schema: { type: 'string', contentMediaType: 'application/json' },
  },
];

/** The members of the JSON in the header `lf`, in order. */
export const MEMBERS_OF_LF: readonly HeaderField[] = [
  { name: 'v', says: 'Version of this format.', always: true, schema: { type: 'integer', const: 1 } },
  {
    name: 'log',
    says: 'Id of the log that the event is of.',
    always: true,
    schema: { type: 'string', format: 'uuid' },
  },
  { name: 'generation', says: 'Of the log; raised when it goes on after losing events.', always: true, schema: count },
  {
    name: 'began',
    says: 'The sequence at which this generation began in this partition.',
    always: true,
    schema: count,
  },
  {
    name: 'sequence',
    says: 'Gapless per log, topic and partition, from 1: at or below what a consumer has is seen, one more is next, beyond is a gap.',
    always: true,
    schema: count,
  },
  { name: 'tenant', says: "Tenant of the stream, `''` without tenants.", always: true, schema: { type: 'string' } },
  { name: 'category', says: 'Category of the stream.', always: true, schema: text },
  { name: 'key', says: 'Key of the stream in its category, e.g. the id of an order.', always: true, schema: text },
  {
    name: 'streamVersion',
    says: 'Dense per stream, from 1; a 64-bit number as decimal text.',
    always: true,
    schema: decimal,
  },
  {
    name: 'position',
    says: 'Name of the event in its log, rising within a stream and no commit order; a 64-bit number as decimal text.',
    always: true,
    schema: decimal,
  },
  {
    name: 'eventVersion',
    says: 'Version of the event type that the value was written with.',
    always: true,
    schema: count,
  },
  {
    name: 'schema',
    says: "SHA-256, hex, of the writer schema's Avro text.",
    always: true,
    schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  },
  { name: 'correlation', says: 'Same for all that one request caused.', always: true, schema: text },
  { name: 'causation', says: 'Id of the message that caused it.', always: false, schema: text },
  { name: 'actor', says: 'Who did it; an id, never personal data.', always: false, schema: text },
  {
    name: 'effective',
    says: 'When it became true in the world, if that is not when it was recorded; UTC.',
    always: false,
    schema: time,
  },
];

/** An object of these fields as JSON Schema (draft 7). More may stand beside them: a user's own headers, members of later releases. */
export function headersSchema(
  fields: readonly HeaderField[],
  more: { readonly [name: string]: { readonly [keyword: string]: t.Json } } = {},
): { readonly [keyword: string]: t.Json } {
  return {
    type: 'object',
    required: fields.filter(({ always }) => always).map(({ name }) => name),
    properties: Object.fromEntries(
      fields.map(({ name, says, schema }) => [name, { ...schema, ...more[name], description: says }]),
    ),
  };
}
