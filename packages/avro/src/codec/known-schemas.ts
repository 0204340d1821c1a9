import type { t, WriterSchema } from '@leftfold/core';
import { SchemaUnregistered } from '../registry/errors.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { SharedQuestions } from '../registry/shared-questions.ts';
import { writerOf, type Writer } from './writer.ts';

/**
 * How long an id that the registry did not know is taken for unknown. Long enough that a record which stops its lane does not have the registry asked at each try,
 * short enough that a replica which lags behind its registry is waited for.
 */
const UNKNOWN_MS = 5_000;
/** Ids come out of records, and a stranger may write any. */
const MAX_UNKNOWN = 1_000;

/** A writer's schema under its id. */
export interface KnownWriter {
  readonly id: number;
  readonly writer: Writer;
}

/** What was asked of a registry, and is not asked again. */
export class KnownSchemas {
  readonly #registry: SchemaRegistry;
  readonly #register: boolean;
  readonly #questions = new SharedQuestions();
  /** By fingerprint. */
  readonly #written = new Map<string, KnownWriter>();
  /** By id; a text says why there is no schema. */
  readonly #read = new Map<number, Writer | string>();
  readonly #unknown = new Map<number, number>();

  constructor(registry: SchemaRegistry, register: boolean) {
    this.#registry = registry;
    this.#register = register;
  }

  /** @throws {@link SchemaUnregistered} `LF_SCHEMA_UNREGISTERED` when it was never found */
  ofSchema(schema: WriterSchema): KnownWriter {
    const known = this.#written.get(schema.fingerprint);
    if (known === undefined) throw new SchemaUnregistered(this.#registry.description, subjectOf(writerOf(schema.avro)));
    return known;
  }

  /** A text says why there is none. */
  ofId(id: number): Writer | string {
    return (
      this.#read.get(id) ??
      `its schema has the id ${id}, which ${this.#registry.description} does not know; see which registry its producer uses`
    );
  }

  /** Finds the ids of these. */
  async findWriters(schemas: readonly WriterSchema[], signal?: AbortSignal): Promise<void> {
    const missing = new Map(schemas.map((schema) => [schema.fingerprint, schema]));
    for (const fingerprint of missing.keys()) if (this.#written.has(fingerprint)) missing.delete(fingerprint);
    await all([...missing.values()], (schema) =>
      this.#questions.ask(`writer ${schema.fingerprint}`, () => this.#find(schema), signal),
    );
  }

  /** Fetches the texts of these. */
  async fetchIds(ids: Iterable<number>, signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    const missing = [...ids].filter((id) => !this.#read.has(id) && !((this.#unknown.get(id) ?? 0) > now));
    await all(missing, (id) => this.#questions.ask(`id ${id}`, () => this.#fetch(id), signal));
  }

  async #find({ avro, fingerprint }: WriterSchema): Promise<void> {
    // The text that was stored, and no other: avsc's own drops defaults and logical types (hazard A4).
    const text = JSON.stringify(avro);
    const writer = writerOf(avro);
    const subject = subjectOf(writer);
    const id = await (this.#register ? this.#registry.register(subject, text) : this.#registry.find(subject, text));
    if (id === undefined) throw new SchemaUnregistered(this.#registry.description, subject);
    this.#written.set(fingerprint, { id, writer });
  }

  async #fetch(id: number): Promise<void> {
    const text = await this.#registry.schema(id);
    this.#unknown.delete(id);
    if (text !== undefined) this.#read.set(id, usable(id, text));
    else {
      const [oldest] = this.#unknown.keys();
      if (oldest !== undefined && this.#unknown.size >= MAX_UNKNOWN) this.#unknown.delete(oldest);
      this.#unknown.set(id, performance.now() + UNKNOWN_MS);
    }
  }
}

function usable(id: number, text: string): Writer | string {
  try {
    return writerOf(JSON.parse(text) as t.Json);
  } catch {
    return `its schema has the id ${id}, which is no Avro schema that can be used; see who registered it`;
  }
}

const subjectOf = ({ graph }: Writer): string => ('name' in graph ? graph.name : graph.kind);

/** Waits for all before it fails, so that what was found is known next time. */
async function all<T>(items: readonly T[], ask: (item: T) => Promise<void>): Promise<void> {
  const answers = await Promise.allSettled(items.map(ask));
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
}
