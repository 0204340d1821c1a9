import { isJsonObject, branchOfJson, type AvroRecord, type AvroType } from '@leftfold/core';
import type avsc from 'avsc';
import { Unfit } from './unfit.ts';
import { writerType } from './writer-type.ts';

/** Where a payload does not fit, and why. */
export interface Fault {
  readonly path: string;
  readonly what: string;
}

/**
 * Looks for the first place where a value in stored JSON form is not of its type. Slow, and only for values that could not be written, so that writing costs nothing
 * for it. Follows the value, not the schema, so a record that holds itself has an end.
 */
export function faultInPayload(type: AvroType, json: unknown): Fault {
  return new Search().below(type, json, '');
}

class Search {
  /** One for each part of the schema, not for each item: a relay stands still while the last of thousands of lines is looked for. */
  readonly #types = new Map<AvroType, avsc.Type>();

  /** The fault of a value that has one: further down, else its own. */
  below(type: AvroType, json: unknown, path: string): Fault {
    return this.#inParts(type, json, path) ?? { path, what: this.#reason(type, json) ?? 'does not fit' };
  }

  #inParts(type: AvroType, json: unknown, path: string): Fault | undefined {
    if (type.kind === 'union') {
      const branch = type.branches[branchOfJson(type.branches)(json)];
      return branch && this.#inside(branch, json, path);
    }
    if (type.kind === 'array' && Array.isArray(json))
      return first(json, (item, i) => this.#inside(type.items, item, `${path}[${i}]`));
    if (type.kind === 'map' && isJsonObject(json))
      return first(Object.entries(json), ([key, value]) =>
        this.#inside(type.values, value, `${path}{${JSON.stringify(key)}}`),
      );
    return type.kind === 'record' && isJsonObject(json) ? this.#inRecord(type, json, path) : undefined;
  }

  #inRecord(type: AvroRecord, json: Readonly<Record<string, unknown>>, path: string): Fault | undefined {
    const step = (name: string): string => (path === '' ? name : `${path}.${name}`);
    const declared = new Set([...type.fields.map(({ name }) => name), type.tag?.field]);
    const other = Object.keys(json).find((name) => !declared.has(name));
    if (other !== undefined) return { path: step(other), what: 'is not declared in the schema' };
    return first(type.fields, ({ name, type: of }) =>
      Object.hasOwn(json, name) ? this.#inside(of, json[name], step(name)) : { path: step(name), what: 'is missing' },
    );
  }

  #inside(type: AvroType, json: unknown, path: string): Fault | undefined {
    return this.#reason(type, json) === undefined ? undefined : this.below(type, json, path);
  }

  /** Why it cannot be written; `undefined` when it can. */
  #reason(type: AvroType, json: unknown): string | undefined {
    let avro = this.#types.get(type);
    if (avro === undefined) this.#types.set(type, (avro = writerType(type)));
    try {
      avro.toBuffer(json);
      return undefined;
    } catch (error) {
      // avsc's own messages repeat the value.
      return error instanceof Unfit ? error.message : `is no ${type.kind}`;
    }
  }
}

function first<T>(items: readonly T[], look: (item: T, index: number) => Fault | undefined): Fault | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
