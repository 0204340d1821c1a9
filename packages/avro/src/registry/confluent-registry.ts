import { RecentlyUsed } from '@leftfold/core';
import { checkedAvro } from './checked-avro.ts';
import { SchemaIncompatible, SchemaRefused } from './errors.ts';
import { RegistryAnswers } from './registry-answers.ts';
import { RegistryConnection, type RegistryAnswer, type RegistryQuestion } from './registry-connection.ts';
import { registryAddress, type ConfluentRegistryOptions } from './registry-options.ts';
import { spellingOf } from './same-text.ts';
import { isSchemaId } from './schema-id.ts';
import type { Compatibility, RegisteredSchema, SchemaRegistry } from './schema-registry.ts';
import { SharedQuestions } from './shared-questions.ts';
import { checkSubject } from './subject.ts';

// What a registry says, by its `error_code`: the HTTP status alone may be a proxy's.
const NO_SUBJECT = [40401, 40404, 40408];
const NO_VERSION = [40402];
const NO_SCHEMA = [40403];
const INCOMPATIBLE = [409, 40901];
const INVALID_SCHEMA = [42201];

/** As many as any service has, and a bound all the same. */
const MAX_KNOWN = 10_000;
const VERDICT_AFTER = 3;
/** Registered nowhere: it shows what a registry makes of a subject without a rule. */
const NOBODYS_SUBJECT = 'leftfold.nobodys.Subject';

/**
 * A registry with Confluent's HTTP API (Confluent 7 and later, Apicurio's ccompat v7, Karapace). Connects to nothing until it is asked. What it has found is kept
 * in memory: found ids and texts are not asked for again, so they go on while the registry is away. It never touches a compatibility setting (hazard A2), follows
 * no redirect, and does not repeat a question by itself: callers do.
 *
 * @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE`
 */
export function confluentRegistry(options: ConfluentRegistryOptions): SchemaRegistry {
  return new ConfluentRegistry(new RegistryConnection(registryAddress(options)));
}

class ConfluentRegistry implements SchemaRegistry {
  readonly description: string;
  readonly #connection: RegistryConnection;
  readonly #answers: RegistryAnswers;
  readonly #questions = new SharedQuestions();
  readonly #ids = new RecentlyUsed<number>(MAX_KNOWN);
  readonly #texts = new RecentlyUsed<string>(MAX_KNOWN);

  constructor(connection: RegistryConnection) {
    this.description = connection.description;
    this.#connection = connection;
    this.#answers = new RegistryAnswers(connection.description);
  }

  async find(
    subject: string,
    avro: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<number | undefined> {
    checkSubject(subject);
    const key = `${subject}\n${avro}`;
    return (
      this.#ids.get(key) ?? (await this.#questions.ask(`find ${key}`, () => this.#find(subject, avro), options.signal))
    );
  }

  async #find(subject: string, avro: string): Promise<number | undefined> {
    const answer = await this.#ask({
      method: 'POST',
      path: `/subjects/${encodeURIComponent(subject)}?normalize=true`,
      body: { schema: avro },
      // A text that is no schema is not registered either.
      expected: [...NO_SUBJECT, ...NO_VERSION, ...NO_SCHEMA, ...INVALID_SCHEMA],
    });
    if (answer.kind === 'fault') return undefined;
    const found = this.#answers.registered(answer.json);
    const wanted = spellingOf(avro);
    // Apicurio takes texts for the same that differ in a doc or an alias: then ours may be another one of the subject, or none.
    const same = (one: RegisteredSchema): boolean => wanted !== undefined && spellingOf(one.avro) === wanted;
    const ours = found === undefined || same(found) ? found : (await this.versions(subject)).find(same);
    if (ours === undefined) return undefined;
    this.#keep(ours);
    this.#ids.set(`${subject}\n${avro}`, ours.id);
    return ours.id;
  }

  async schema(id: number, options: { readonly signal?: AbortSignal } = {}): Promise<string | undefined> {
    // Four bytes of a record may hold any number.
    if (!isSchemaId(id)) return undefined;
    return (
      this.#texts.get(`${id}`) ?? (await this.#questions.ask(`schema ${id}`, () => this.#schema(id), options.signal))
    );
  }

  async #schema(id: number): Promise<string | undefined> {
    const answer = await this.#ask({ method: 'GET', path: `/schemas/ids/${id}`, expected: NO_SCHEMA });
    if (answer.kind === 'fault') return undefined;
    const avro = this.#answers.text(answer.json);
    if (avro !== undefined) this.#keep({ id, avro });
    return avro;
  }

  async versions(subject: string): Promise<readonly RegisteredSchema[]> {
    checkSubject(subject);
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.#ask({ method: 'GET', path, expected: NO_SUBJECT });
    if (answer.kind === 'fault') return [];
    const numbers = this.#answers.versions(answer.json).toSorted((a, b) => a - b);
    const found = await Promise.all(numbers.map((version) => this.#version(path, version)));
    return found.filter((one) => one !== undefined);
  }

  async #version(path: string, version: number): Promise<RegisteredSchema | undefined> {
    // It may have been deleted since the list was made.
    const expected = [...NO_SUBJECT, ...NO_VERSION];
    const answer = await this.#ask({ method: 'GET', path: `${path}/${version}`, expected });
    const found = answer.kind === 'fault' ? undefined : this.#answers.registered(answer.json);
    if (found !== undefined) this.#keep(found);
    return found;
  }

  async subjects(): Promise<readonly string[]> {
    return this.#answers.subjects(await this.#get('/subjects')).toSorted();
  }

  async compatibility(subject: string): Promise<Compatibility> {
    checkSubject(subject);
    const own = await this.#rule(subject);
    if (own !== undefined && own !== 'NONE') return own;
    const everyones = this.#answers.compatibility(await this.#get('/config'));
    if (own === undefined || everyones === 'NONE') return everyones;
    // Apicurio says NONE of a subject without a rule of its own, and enforces the registry's all the same; it cannot hold a NONE of a subject's own. It shows by what
    // it says of a subject that does not exist: Confluent answers with the registry's rule, as it was asked to.
    return (await this.#rule(NOBODYS_SUBJECT)) === undefined ? everyones : own;
  }

  /** `undefined`: the registry says that it knows no such subject, or none with a rule. */
  async #rule(subject: string): Promise<Compatibility | undefined> {
    const path = `/config/${encodeURIComponent(subject)}?defaultToGlobal=true`;
    const answer = await this.#ask({ method: 'GET', path, expected: NO_SUBJECT });
    return answer.kind === 'fault' ? undefined : this.#answers.compatibility(answer.json);
  }

  async register(subject: string, avro: string): Promise<number> {
    checkSubject(subject);
    checkedAvro(subject, avro);
    return this.#questions.ask(`register ${subject}\n${avro}`, () => this.#register(subject, avro));
  }

  async #register(subject: string, avro: string): Promise<number> {
    const wanted = spellingOf(avro);
    for (let attempt = 1; ; attempt += 1) {
      const known = await this.find(subject, avro);
      if (known !== undefined) return known;
      try {
        const normalised = await this.#post(subject, avro, '?normalize=true');
        const held = await this.schema(normalised);
        const isOurs = held !== undefined && spellingOf(held) === wanted;
        // Given another text's id by a registry that takes both for the same: then as it is.
        const id = isOurs ? normalised : await this.#post(subject, avro, '');
        this.#ids.set(`${subject}\n${avro}`, id);
        return id;
      } catch (error) {
        // Apicurio says 409, too, when somebody makes the same subject at this moment. A verdict is said again.
        if (!(error instanceof SchemaIncompatible) || attempt === VERDICT_AFTER) throw error;
      }
    }
  }

  async #post(subject: string, avro: string, query: string): Promise<number> {
    const answer = await this.#ask({
      method: 'POST',
      path: `/subjects/${encodeURIComponent(subject)}/versions${query}`,
      body: { schema: avro },
      expected: [...INCOMPATIBLE, ...INVALID_SCHEMA],
    });
    if (answer.kind === 'found') return this.#answers.id(answer.json);
    const why = `${this.description} says '${answer.message}'`;
    if (INCOMPATIBLE.includes(answer.errorCode)) throw new SchemaIncompatible(subject, why);
    throw new SchemaRefused(subject, why);
  }

  /** What is there at every registry: no error code is an answer. */
  async #get(path: string): Promise<unknown> {
    const answer = await this.#ask({ method: 'GET', path });
    return answer.kind === 'found' ? answer.json : undefined;
  }

  #ask(question: RegistryQuestion): Promise<RegistryAnswer> {
    return this.#connection.ask(question);
  }

  #keep({ id, avro }: Pick<RegisteredSchema, 'id' | 'avro'>): void {
    this.#texts.set(`${id}`, avro);
  }
}
