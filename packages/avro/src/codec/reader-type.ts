import { memoryAvro, unqualified, type t } from '@leftfold/core';
import avsc from 'avsc';
import {
  protocol,
  recordProtocol,
  type Constructor,
  type CopyOptions,
  type Read,
  type Resolver,
} from './avsc-protocol.ts';
import { readerLeaf, type LeafAvro } from './reader-leaves.ts';
import { Unfit } from './unfit.ts';
import type { Called, WriteEnum } from './writer-leaves.ts';

const { ArrayType, EnumType, MapType, RecordType } = avsc.types;
type ArrayType = avsc.types.ArrayType;
type MapType = avsc.types.MapType;

/** Avro JSON as `t` writes it, for memory: every definition in its place. */
type MemoryAvro = string | readonly MemoryAvro[] | MemoryObject;
interface MemoryObject extends LeafAvro {
  readonly name: string;
  readonly items: MemoryAvro;
  readonly values: MemoryAvro;
  readonly symbols: readonly string[];
  readonly default?: string;
  readonly fields: readonly { readonly name: string; readonly type: MemoryAvro; readonly default?: unknown }[];
  readonly tag?: { readonly [field: string]: string };
}

/**
 * An avsc type that reads into the memory form of `schema`; it cannot write, and reads through a resolver only. Records are plain objects: avsc fills the same hidden
 * class for each, and its constructor's prototype is `Object.prototype` (hazard A8). Nothing that is made shares memory with the bytes or with another value.
 */
export function readerType(schema: t.AnySchema): avsc.Type {
  return new Types().of(memoryAvro(schema) as unknown as MemoryAvro);
}

class Types {
  /** avsc keeps what it makes in its options. */
  readonly #options: object = { registry: {}, wrapUnions: 'always', omitRecordMethods: true };
  #names = 0;

  of(avro: MemoryAvro): avsc.Type {
    if (typeof avro === 'string') return readerLeaf({ type: avro });
    if (isUnion(avro)) return new ReadUnion(avro.map((branch) => this.#branch(branch)));
    switch (avro.type) {
      case 'array':
        return new ReadArray({ type: 'array', items: this.of(avro.items) } as unknown as avsc.Schema, this.#options);
      case 'map':
        return new ReadMap({ type: 'map', values: this.of(avro.values) } as unknown as avsc.Schema, this.#options);
      case 'record':
        return this.#record(avro);
      case 'enum':
        return new ReadEnum(
          { type: 'enum', name: this.#name(), symbols: [...avro.symbols], default: avro.default } as avsc.Schema,
          this.#options,
        );
      default:
        return readerLeaf(avro);
    }
  }

  #record(avro: MemoryObject): avsc.Type {
    // What the branch of a union is called in memory: a field with a default that no writer has, so that it comes first and costs nothing.
    const tags = Object.entries(avro.tag ?? {}).map(([name, variant]) => ({ name, type: 'string', default: variant }));
    const fields = avro.fields.map((field) => ({ ...field, type: this.of(field.type) }));
    const schema = { type: 'record', name: this.#name(), fields: [...tags, ...fields] };
    return new ReadRecord(schema as unknown as avsc.Schema, this.#options, tags[0]?.name);
  }

  #branch(avro: MemoryAvro): Branch {
    const { name, tag = {} } = typeof avro === 'object' && !isUnion(avro) ? avro : ({} as Partial<MemoryObject>);
    return { type: this.of(avro), name, tag: Object.entries(tag)[0] };
  }

  /** For avsc: one of its own wherever a type stands, as the same Avro text may be held in memory in two ways. */
  #name(): string {
    return `R${this.#names++}`;
  }
}
const isUnion = (avro: MemoryAvro): avro is readonly MemoryAvro[] => Array.isArray(avro);

class ReadRecord extends RecordType {
  readonly #tag: string | undefined;
  constructor(schema: avsc.Schema, options: object, tag: string | undefined) {
    super(schema, options);
    this.#tag = tag;
  }
  _createConstructor(): Constructor {
    const constructor = recordProtocol._createConstructor.call(this, false, true);
    constructor.prototype = Object.prototype;
    return constructor;
  }
  /** Would write every default once, which these types cannot. */
  _createWriter(): undefined {
    return undefined;
  }
  _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    if (writer.typeName !== 'record') return;
    // A stranger's field of the tag's name would take its place.
    const fields = (writer as avsc.types.RecordType).fields.map((field) =>
      field.name === this.#tag ? { name: ' ', type: field.type } : field,
    );
    // Without its name: whether these two go together was decided before, by the branch of a union or by the verdict of `resolveAvro`.
    recordProtocol._update.call(this, resolver, { name: undefined, fields } as unknown as avsc.Type, options);
  }
}

/** Symbols that it does not have are its first, which is its default. */
class ReadEnum extends EnumType {
  _update(resolver: Resolver, writer: avsc.Type): void {
    if (writer.typeName !== 'enum') return;
    const [unknown] = this.symbols;
    const symbols = (writer as WriteEnum).written.map((symbol) => (this.symbols.includes(symbol) ? symbol : unknown));
    resolver._read = (tap) => {
      const symbol = symbols[tap.readLong()];
      if (symbol === undefined) throw new Unfit('an enum has no such symbol');
      return symbol;
    };
  }
}

/** avsc makes room for as many items as the bytes say that there are. */
class ReadArray extends ArrayType {
  _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    if (writer.typeName !== 'array') return;
    const items = made(this.itemsType, (writer as ArrayType).itemsType, options);
    resolver._read = (tap) => tap.list(items);
  }
}

/** avsc sets `__proto__` as any other key. */
class ReadMap extends MapType {
  _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    if (writer.typeName !== 'map') return;
    const values = made(this.valuesType as avsc.Type, (writer as MapType).valuesType as avsc.Type, options);
    resolver._read = (tap) => {
      const map: Record<string, unknown> = {};
      tap.blocks((at) => {
        const key = at.readString();
        if (key === '__proto__' || key === 'constructor' || key === 'prototype' || key.includes('\0'))
          throw new Unfit('a map has a key that no map may have');
        map[key] = values._read(at);
      });
      return map;
    };
  }
}

/** A resolver that is there. */
function made(reader: avsc.Type, writer: avsc.Type, options: object): { _read: Read } {
  return reader.createResolver(writer, options) as unknown as { _read: Read };
}

/** A branch, and for a variant the field and the value that say so. */
interface Branch {
  readonly type: avsc.Type;
  readonly name: string | undefined;
  readonly tag: readonly [field: string, variant: string] | undefined;
}

/** Values stand for themselves, in whichever branch they are (hazard A3). */
class ReadUnion extends avsc.Type {
  override readonly typeName = 'union:memory';
  readonly #branches: readonly Branch[];
  constructor(branches: readonly Branch[]) {
    super();
    this.#branches = branches;
  }
  /** By the rules of `resolveAvro`: named types by their unqualified name, anything else by the first branch that can read it. */
  _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    const { called } = writer as avsc.Type & Partial<Called>;
    for (const { type, name } of this.#branches) {
      if (called !== undefined && unqualified(called) !== name) continue;
      const found = resolverOf(type, writer, options);
      if (found === undefined) continue;
      resolver._read = found._read;
      return;
    }
  }
  _copy(value: unknown, options?: CopyOptions): unknown {
    const branch = options?.wrap === 2 ? this.#branches[0] : this.#branches.find((one) => isOf(one, value));
    return branch && protocol(branch.type)._copy(value, options);
  }
}

function resolverOf(reader: avsc.Type, writer: avsc.Type, options: object): Resolver | undefined {
  try {
    return reader.createResolver(writer, options) as unknown as Resolver;
  } catch {
    return undefined;
  }
}
function isOf({ type, tag }: Branch, value: unknown): boolean {
  if (value === null) return type.typeName === 'memory:null';
  return tag === undefined
    ? type.typeName !== 'memory:null'
    : (value as { [field: string]: unknown })[tag[0]] === tag[1];
}
