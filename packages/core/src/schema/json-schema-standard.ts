import { DefinitionError } from '../errors.ts';
import { ownCopy, type JsonForm, type JsonSchema, type ToJsonSchema } from './json-schema-form.ts';
import { openApi30 } from './json-schema-openapi-30.ts';

/** What a caller of Standard JSON Schema asks for. */
export interface StandardJsonOptions {
  /** `draft-2020-12`, `draft-07`, `openapi-3.0` or `openapi-3.1`. */
  readonly target: string;
}
/**
 * Standard JSON Schema (v1): what documentation tools ask a schema for; `@nestjs/swagger` 12 does. `input` is `t.jsonSchema`. `output` is the JSON of a reply
 * that holds the memory form: a long as a decimal string, a `t.integer()` as a number, an instant as `Date.toJSON` writes it, bytes as base64. Without
 * constraints, which old events may break, and open to further fields, which a later reply may have.
 * @throws {@link DefinitionError} `LF_JSON_SCHEMA_TARGET` for another target
 */
export interface StandardJson {
  readonly input: (options: StandardJsonOptions) => Record<string, unknown>;
  readonly output: (options: StandardJsonOptions) => Record<string, unknown>;
}
const DIALECTS: ReadonlyMap<string, (schema: JsonSchema) => JsonSchema> = new Map([
  ['draft-2020-12', (schema) => ({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema })],
  // No keyword used here changed its meaning in between.
  ['draft-07', (schema) => ({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema })],
  ['openapi-3.0', openApi30],
  ['openapi-3.1', (schema) => schema],
]);

/** Standard JSON Schema of a kind. */
export function standardJson(toJsonSchema: ToJsonSchema): StandardJson {
  const converter =
    (form: JsonForm) =>
    ({ target }: StandardJsonOptions): Record<string, unknown> => {
      const dialect = DIALECTS.get(target);
      if (dialect === undefined)
        throw new DefinitionError(
          'LF_JSON_SCHEMA_TARGET',
          `no JSON Schema for the target '${target}'; known: ${[...DIALECTS.keys()].join(', ')}`,
        );
      return dialect(ownCopy(toJsonSchema(form)));
    };
  return Object.freeze({ input: converter('input'), output: converter('output') });
}
