import type { WriterSchema } from '@leftfold/core';

/** The schemas that events were written with: one object per text, out of the writer's reach. */
export class WriterSchemas {
  readonly #byText = new Map<string, WriterSchema>();
  /** Most events come with the very object their type made: its text is made once. */
  readonly #byObject = new WeakMap<WriterSchema, WriterSchema>();

  of(schema: WriterSchema): WriterSchema {
    const kept = this.#byObject.get(schema) ?? this.#ofText(schema);
    this.#byObject.set(schema, kept);
    return kept;
  }
  #ofText({ type, version, fingerprint, avro }: WriterSchema): WriterSchema {
    const text = JSON.stringify([type, version, fingerprint, avro]);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const kept = Object.freeze({ type, version, fingerprint, avro: structuredClone(avro) });
    this.#byText.set(text, kept);
    return kept;
  }
}
