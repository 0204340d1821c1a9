import { jsonCodec, RecordUndecodable } from '@leftfold/subscriptions';
import type { Codec, EncodedRecord } from '@leftfold/subscriptions';
import type { t, WriterSchema } from '@leftfold/core';

/** What a registry answers instead of a schema. */
export const registryFault = (code: string, retryable = true): Error =>
  Object.assign(new Error('made up'), { code, retryable });

/** JSON behind a registry that does what the test says. A schema is named by its fingerprint, what was looked up once is known for good. */
export class ScriptedCodec implements Codec {
  readonly contentType = 'application/json';
  /** What the registry answers instead of any schema, while it is set. */
  fault: Error | undefined;
  /** What it answers instead of one, by fingerprint. */
  readonly faultOf: Map<string, Error> = new Map();
  /** While it is set, it does not answer at all. */
  isSilent = false;
  /** Records that are no records, by event id. */
  readonly poison: Set<string> = new Set();
  /** How often the registry was asked. */
  asked = 0;
  /** Questions that were given up through their signal. */
  givenUp = 0;
  readonly #known: Set<string> = new Set();
  readonly #json = jsonCodec();

  async prepare(
    needed: { readonly writers: readonly WriterSchema[] } | { readonly records: readonly EncodedRecord[] },
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const names =
      'writers' in needed ? needed.writers.map(({ fingerprint }) => fingerprint) : needed.records.map(nameOf);
    for (const name of new Set(names)) if (!this.#known.has(name)) await this.#ask(name, signal);
  }
  encode(payload: string): Uint8Array {
    JSON.parse(payload);
    return this.#json.encode(payload, undefined as never);
  }
  decode(record: EncodedRecord, reader: t.AnySchema): unknown {
    if (this.poison.has(record.headers['ce_id'] ?? '')) throw new RecordUndecodable('its magic byte is 7');
    return this.#json.decode(record, reader);
  }

  async #ask(name: string, signal: AbortSignal | undefined): Promise<void> {
    this.asked += 1;
    if (this.isSilent) await this.#untilGivenUp(signal);
    const fault = this.fault ?? this.faultOf.get(name);
    if (fault) throw fault;
    this.#known.add(name);
  }
  #untilGivenUp(signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        this.givenUp += 1;
        reject(signal.reason as Error);
      });
    });
  }
}

const nameOf = ({ headers }: EncodedRecord): string =>
  (JSON.parse(headers['lf'] ?? '{}') as { readonly schema: string }).schema;
