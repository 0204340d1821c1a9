import { setTimeout as timer } from 'node:timers/promises';
import type { WriterSchema } from '@leftfold/core';
import { AGAIN, fullJitter, recoveryOf, WAIT } from '@leftfold/subscriptions';
import type { Codec } from '@leftfold/subscriptions';
import { Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** A schema that this process writes and that is not known to be registered. */
export interface MissingSchema {
  /** The Avro record's full name: `orders.order.PlacedV2`. */
  readonly schema: string;
  /** The event's, with its version. */
  readonly type: string;
  readonly version: number;
  /** Why: `LF_SCHEMA_UNREGISTERED`, `LF_REGISTRY_UNAVAILABLE`, …; absent until the registry was heard of. */
  readonly code?: string;
  readonly message?: string;
}

/**
 * Holds a process that serves commands back from being ready until every schema it writes is registered: were it ready before, the relay would stand still
 * at its first event (hazard A7). Asked in the background from bootstrap on, with backoff, for ever; the start neither waits nor fails. What was found once
 * is not asked for again, so a registry that goes away later makes nobody unready.
 */
export class SchemaReadiness implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger('Leftfold');
  readonly #codec: Codec | undefined;
  readonly #written: () => readonly WriterSchema[];
  readonly #missing: Map<WriterSchema, MissingSchema> = new Map();
  readonly #halt = new AbortController();
  #asking: Promise<void> = Promise.resolve();

  /** @param codec of the broker; without one nothing is published, so nothing needs to be registered. @param written asked once, at bootstrap */
  constructor(codec: Codec | undefined, written: () => readonly WriterSchema[]) {
    this.#codec = codec;
    this.#written = written;
  }

  onApplicationBootstrap(): void {
    const { signal } = this.#halt;
    if (this.#codec === undefined || signal.aborted) return;
    for (const writer of this.#written()) this.#missing.set(writer, nameOf(writer));
    this.#asking = this.#ask(this.#codec, signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#halt.abort();
    await this.#asking;
  }

  /** In the order they are written in the aggregates; none when the process may serve commands. */
  get missing(): readonly MissingSchema[] {
    return [...this.#missing.values()];
  }

  async #ask(codec: Codec, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      // Each by itself, so that one answer names its schema, and none waits for another's. The codec asks together what it can.
      const answers = await Promise.all([...this.#missing.keys()].map((writer) => this.#find(codec, writer, signal)));
      if (this.#missing.size === 0 || signal.aborted) break;
      // Who was refused for good needs a person, who may act at the registry: asked again, but seldom.
      const backoff = answers.includes('again') ? AGAIN : WAIT;
      await timer(fullJitter(attempt, backoff), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }

  async #find(codec: Codec, writer: WriterSchema, signal: AbortSignal): Promise<'found' | 'again' | 'stop'> {
    const before = this.#missing.get(writer);
    try {
      await codec.prepare({ writers: [writer] }, { signal });
      this.#missing.delete(writer);
      if (before?.code !== undefined) this.#log.log(`the schema ${before.schema} is registered`);
      return 'found';
    } catch (error) {
      if (signal.aborted) return 'stop';
      const { code, message } = saying(error);
      const { schema } = nameOf(writer);
      this.#missing.set(writer, { ...nameOf(writer), code, message });
      if (before?.code !== code) this.#log.warn(`not ready: ${code} for the schema ${schema}: ${message}`);
      return recoveryOf(error) === 'again' ? 'again' : 'stop';
    }
  }
}

function nameOf({ type, version, avro }: WriterSchema): MissingSchema {
  const { namespace, name } = avro as { readonly namespace?: string; readonly name: string };
  return { schema: namespace === undefined ? name : `${namespace}.${name}`, type, version };
}

function saying(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: typeof error, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message };
}
