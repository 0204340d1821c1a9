import { parseAvro, type AvroType, type t } from '@leftfold/core';

type JsonSchema = { readonly [keyword: string]: t.Json };

/**
 * The stored JSON form of a payload as JSON Schema (draft 7): what stands on a topic whose codec writes JSON. A function of the Avro type alone: a long is decimal text, bytes
 * are base64, a decimal is text, an instant ISO 8601. Constraints are not in it, since old events may break them; and a field with a default need not be there, since it may be
 * younger than an event of this version.
 */
export function storedJsonSchema(avro: t.Json): JsonSchema {
  return schemaOf(parseAvro(avro));
}

const text = (more: JsonSchema = {}): JsonSchema => ({ type: 'string', ...more });

function schemaOf(type: AvroType): JsonSchema {
  if ('logical' in type && type.logical !== undefined) return logicalSchema(type.logical);
  switch (type.kind) {
    case 'null':
    case 'boolean':
    case 'string':
      return { type: type.kind };
    case 'int':
      return { type: 'integer' };
    case 'long':
      return text({ pattern: '^(?:0|-?[1-9][0-9]{0,18})$' });
    case 'float':
    case 'double':
      return { type: 'number' };
    case 'bytes':
    case 'fixed':
      return text({ contentEncoding: 'base64' });
    case 'enum':
      return text({ enum: [...type.symbols] });
    case 'array':
      return { type: 'array', items: schemaOf(type.items) };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(type.values) };
    case 'union':
      return { oneOf: type.branches.map(schemaOf) };
    case 'record': {
      const { tag, fields } = type;
      const members = fields.map(({ name, type: of }): [string, JsonSchema] => [name, schemaOf(of)]);
      const required = fields.filter(({ absent }) => absent === undefined).map(({ name }) => name);
      if (tag !== undefined) {
        members.unshift([tag.field, text({ const: tag.variant })]);
        required.unshift(tag.field);
      }
      return { type: 'object', required, properties: Object.fromEntries(members) };
    }
  }
}

function logicalSchema(logical: { readonly name: string; readonly scale?: number }): JsonSchema {
  switch (logical.name) {
    case 'decimal':
      return text({ pattern: `^-?[0-9]+${logical.scale === 0 ? '' : `\\.[0-9]{${logical.scale}}`}$` });
    case 'timestamp-millis':
      return text({ format: 'date-time' });
    default:
      return text({ format: logical.name });
  }
}
