import { RegistryUnavailable } from './errors.ts';
import { isSchemaId } from './schema-id.ts';
import { COMPATIBILITIES, type Compatibility, type RegisteredSchema } from './schema-registry.ts';

/**
 * Reads the answers of one registry. What is not of the promised form was not said by a registry, or by one in trouble.
 * @throws {@link RegistryUnavailable} `LF_REGISTRY_UNAVAILABLE` by each of them
 */
export class RegistryAnswers {
  readonly #registry: string;

  /** @param registry its description. */
  constructor(registry: string) {
    this.#registry = registry;
  }

  id(json: unknown): number {
    const { id } = this.#object(json);
    return isSchemaId(id) ? id : this.#malformed('an id from 1 to 2147483647');
  }

  /** The text of an id; `undefined` when it is none of Avro's. */
  text(json: unknown): string | undefined {
    const { schema, schemaType = 'AVRO' } = this.#object(json);
    if (schemaType !== 'AVRO') return undefined;
    return typeof schema === 'string' ? schema : this.#malformed('a schema');
  }

  /** `undefined` when its text is none of Avro's. */
  registered(json: unknown): RegisteredSchema | undefined {
    const { version } = this.#object(json);
    const [id, avro] = [this.id(json), this.text(json)];
    if (!isSchemaId(version)) return this.#malformed('a version from 1');
    return avro === undefined ? undefined : { id, version, avro };
  }

  versions(json: unknown): readonly number[] {
    const list = Array.isArray(json) ? (json as readonly unknown[]) : [undefined];
    return list.every(isSchemaId) ? list : this.#malformed('a list of versions');
  }

  subjects(json: unknown): readonly string[] {
    const list = Array.isArray(json) ? (json as readonly unknown[]) : [undefined];
    return list.every((name) => typeof name === 'string') ? list : this.#malformed('a list of subjects');
  }

  compatibility(json: unknown): Compatibility {
    const { compatibilityLevel } = this.#object(json);
    const found = COMPATIBILITIES.find((mode) => mode === compatibilityLevel);
    return found ?? this.#malformed('a compatibility level');
  }

  #object(json: unknown): { readonly [name: string]: unknown } {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return this.#malformed('an object');
    return json as { readonly [name: string]: unknown };
  }

  #malformed(promised: string): never {
    throw new RegistryUnavailable(this.#registry, `gave an answer without ${promised}`);
  }
}
