/**
 * The payload schema: the one source of an event's TypeScript type, its Avro schema and its validator.
 * Every builder is named as Avro names the type, so whoever can read an `.avsc` can read this.
 * Used as a namespace: `import { t } from '@leftfold/core'`.
 *
 * Constraints (`min`, `max`, `pattern`) are checked at the edge and at append, never on reading, and are not in the Avro schema:
 * tightening one never makes an old event unreadable and is no new version.
 */

// What a schema is, and the three forms of a value
export type {
  AnySchema,
  Fields,
  InputOf,
  InputPayload,
  Json,
  JsonOf,
  JsonPayload,
  Mark,
  MarksOf,
  Of,
  Payload,
  PersonalField,
  Schema,
  StandardProps,
} from './schema/schema.ts';
// Single values
export { personal, string, type Text } from './schema/text.ts';
export { boolean } from './schema/boolean.ts';
export { double, int, integer, long } from './schema/number.ts';
export { bytes } from './schema/bytes.ts';
export { uuid } from './schema/uuid.ts';
export { decimal } from './schema/decimal.ts';
export { date, timestampMillis, type Day } from './schema/calendar.ts';
export { enumOf as enum } from './schema/enum.ts';
// Values made of others
export { array } from './schema/array.ts';
export { map } from './schema/map.ts';
export { record } from './schema/record.ts';
export { nullable } from './schema/nullable.ts';
export { withDefault } from './schema/with-default.ts';
export { union } from './schema/union.ts';
// From an Avro schema
export { avsc } from './schema/avsc.ts';
// What it is for others
export { jsonSchema } from './schema/json-schema.ts';
export type { StandardJson, StandardJsonOptions } from './schema/json-schema-standard.ts';
// What is stored
export { toJson } from './schema/payload.ts';
