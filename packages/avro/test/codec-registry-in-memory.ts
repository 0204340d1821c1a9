import type { Compatibility, RegisteredSchema, SchemaRegistry } from '@leftfold/avro';

/** A registry in memory, with what was asked of it. */
export class RegistryInMemory implements SchemaRegistry {
  readonly description: string = 'a registry in memory';
  readonly asked: string[] = [];
  readonly #texts: { readonly subject: string; readonly avro: string; readonly id: number }[] = [];
  /** Awaited before each answer: throws, or waits. */
  before: () => Promise<void> = () => Promise.resolve();

  async find(subject: string, avro: string): Promise<number | undefined> {
    this.asked.push(`find ${subject}`);
    await this.before();
    return this.#texts.find((one) => one.subject === subject && one.avro === avro)?.id;
  }
  async schema(id: number): Promise<string | undefined> {
    this.asked.push(`schema ${id}`);
    await this.before();
    return this.#texts.find((one) => one.id === id)?.avro;
  }
  async register(subject: string, avro: string): Promise<number> {
    this.asked.push(`register ${subject}`);
    await this.before();
    return this.add(avro, subject);
  }
  /** As another team would, also what is no schema. */
  add(avro: string, subject = 'other', id: number = this.#texts.length + 1): number {
    const known = this.#texts.find((one) => one.avro === avro)?.id;
    this.#texts.push({ subject, avro, id: known ?? id });
    return known ?? id;
  }
  versions(subject: string): Promise<readonly RegisteredSchema[]> {
    const texts = this.#texts.filter((one) => one.subject === subject);
    return Promise.resolve(texts.map(({ id, avro }, index) => ({ id, avro, version: index + 1 })));
  }
  subjects(): Promise<readonly string[]> {
    return Promise.resolve([...new Set(this.#texts.map(({ subject }) => subject))].toSorted());
  }
  compatibility(): Promise<Compatibility> {
    return Promise.resolve('FULL_TRANSITIVE');
  }
}
