import type { t } from '@leftfold/core';
import type { Codec } from '@leftfold/subscriptions';
import { avro } from '../../codec/avro.ts';
import { fileRegistry } from '../../registry/file-registry.ts';
import type { CorpusText } from './released-corpus.ts';

/** The zero byte and four of the id: which id a text has is the registry's affair, so no golden file holds it. */
const HEAD_BYTES = 5;

/** The public codec over a folder, without the head of the wire format. */
export class GoldenBytes {
  readonly #codec: Codec;
  readonly #registry: ReturnType<typeof fileRegistry>;

  constructor(folder: string) {
    this.#codec = avro({ registry: folder });
    this.#registry = fileRegistry(folder);
  }

  /** Avro bytes of a stored value, in hex. */
  async encoded({ writer }: CorpusText, json: t.Json): Promise<string> {
    await this.#codec.prepare({ writers: [writer] });
    const value = this.#codec.encode(JSON.stringify(json), writer);
    return Buffer.from(value.subarray(HEAD_BYTES)).toString('hex');
  }

  /** What today's reader of the same version decodes from bytes, in memory form. Rejects when it refuses them. */
  async decoded(text: CorpusText, bytes: string): Promise<unknown> {
    const { subject, writer, version } = text;
    const id = await this.#registry.find(subject, JSON.stringify(writer.avro));
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(id ?? 0, 1);
    const record = {
      value: Buffer.concat([head, Buffer.from(bytes, 'hex')]),
      headers: { 'content-type': this.#codec.contentType },
    };
    await this.#codec.prepare({ records: [record] });
    return this.#codec.decode(record, version.schema);
  }
}
