import { InputInvalid } from '@leftfold/core';
import type { WriterSchema } from '@leftfold/core';

/** Numbers the schemas that events were written with: one number per text, from 1, never given to another. */
export class WriterSchemas {
  readonly #byId: WriterSchema[] = [];
  readonly #idByText = new Map<string, number>();
  /** Most events come with the very object their type made: its text is made once. */
  readonly #idByObject = new WeakMap<WriterSchema, number>();

  idOf(schema: WriterSchema): number {
    const id = this.#idByObject.get(schema) ?? this.#idOfText(schema);
    this.#idByObject.set(schema, id);
    return id;
  }
  /** @throws {@link InputInvalid} `LF_SCHEMA_UNKNOWN` */
  get(id: number): WriterSchema {
    const schema = this.#byId[id - 1];
    if (!schema) {
      throw new InputInvalid(
        'LF_SCHEMA_UNKNOWN',
        `this log never gave out the schema id ${id}; it belongs to another log`,
      );
    }
    return schema;
  }
  #idOfText(schema: WriterSchema): number {
    const { type, version, fingerprint, avro } = schema;
    const text = JSON.stringify([type, version, fingerprint, avro]);
    const known = this.#idByText.get(text);
    if (known !== undefined) return known;
    const id = this.#byId.push(Object.freeze({ type, version, fingerprint, avro: structuredClone(avro) }));
    this.#idByText.set(text, id);
    return id;
  }
}
