import type { JsonSchema } from './json-schema-form.ts';
import type { Json } from './schema.ts';

/**
 * The same schema in the words of OpenAPI 3.0.3, which has an older JSON Schema: `nullable` for `null`, one type, `enum` for `const`; `contentEncoding` and
 * `propertyNames` it lacks (bytes are `format: byte`). What it cannot say is left out, so it may take more, never less.
 */
export function openApi30(schema: JsonSchema): JsonSchema {
  const words = Object.entries(schema).filter(([keyword]) => !UNKNOWN.has(keyword));
  return Object.assign({}, ...words.map(([keyword, value]) => word(keyword, value))) as JsonSchema;
}

const UNKNOWN = new Set(['contentEncoding', 'propertyNames']);

function word(keyword: string, value: Json): JsonSchema {
  switch (keyword) {
    case 'type':
      if (value === 'null') return NULL;
      return Array.isArray(value) ? { type: (value as readonly Json[])[0] ?? null, nullable: true } : { type: value };
    case 'const':
      return { enum: [value] };
    case 'required':
      return Array.isArray(value) && value.length === 0 ? {} : { required: value };
    case 'properties':
      return {
        properties: Object.fromEntries(
          Object.entries(value as JsonSchema).map(([name, property]) => [name, openApi30(property as JsonSchema)]),
        ),
      };
    case 'anyOf':
    case 'oneOf':
      return { [keyword]: (value as readonly JsonSchema[]).map(openApi30) };
    case 'items':
    case 'not':
    case 'additionalProperties':
      return { [keyword]: typeof value === 'object' ? openApi30(value as JsonSchema) : value };
    default:
      return { [keyword]: value };
  }
}

/** `nullable` counts only beside a type; whichever, the enum leaves nothing of it. */
const NULL: JsonSchema = { type: 'string', nullable: true, enum: [null] };
