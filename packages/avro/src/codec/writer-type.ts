import { branchOfJson, type AvroField, type AvroRecord, type AvroType, type BranchOfJson } from '@leftfold/core';
import avsc from 'avsc';
import { protocol, recordProtocol, type Protocol, type Tap } from './avsc-protocol.ts';
import type { BoundedTap } from './bounded-tap.ts';
import { Unfit } from './unfit.ts';
import { text, writerLeaf, type Called } from './writer-leaves.ts';

const { ArrayType, MapType, RecordType, WrappedUnionType } = avsc.types;

/**
 * An avsc type that writes the stored JSON form of a schema, by that schema alone, and skips what others wrote with it. It takes nothing that the schema does not
 * say: no undeclared field, and no default in the place of a missing one (hazard A5).
 *
 * avsc gets a schema of its own making (hazard A8), and numbers for names: it makes variables of them, and a record `_a` with a field `a` has it call the field.
 */
export function writerType(type: AvroType): avsc.Type {
  return avsc.Type.forSchema(new SchemaText().of(type) as avsc.Schema, {
    // Said, because avsc otherwise decides by the branches that there are (hazard A3); and each union here is made by the hook.
    wrapUnions: 'always',
    omitRecordMethods: true,
    typeHook: (schema, options) => hook(schema as Hooked | string, options),
  });
}

/** A schema for avsc that says what it was made of. */
interface Hooked {
  readonly of?: AvroType;
  readonly branches?: avsc.Schema;
}

function hook(schema: Hooked | string, options: object): avsc.Type | undefined {
  if (typeof schema === 'string' || schema.of === undefined) return undefined;
  const { of } = schema;
  if (of.kind === 'record') return new WriteRecord(of, schema as avsc.Schema, options);
  if (of.kind === 'union') return new WriteUnion(branchOfJson(of.branches), schema.branches as avsc.Schema, options);
  if (of.kind === 'array') return new WriteArray(schema as avsc.Schema, options);
  if (of.kind === 'map') return new WriteMap(schema as avsc.Schema, options);
  return writerLeaf(of, schema as avsc.Schema, options);
}

/** Makes the schema that avsc is given. A record that holds itself names itself. */
class SchemaText {
  readonly #names = new Map<AvroType, string>();

  of(of: AvroType): unknown {
    if (of.kind === 'array') return { type: 'array', items: this.of(of.items), of };
    if (of.kind === 'map') return { type: 'map', values: this.of(of.values), of };
    if (of.kind === 'union') return { type: 'union', branches: of.branches.map((branch) => this.of(branch)), of };
    if (of.kind === 'record')
      return this.#named(of, () => ({
        fields: fieldNames(of).map((name, i) => ({ name, type: this.of((of.fields[i] as AvroField).type) })),
      }));
    // Its symbols are written by a table of our own, so avsc is given any.
    if (of.kind === 'enum') return this.#named(of, () => ({ symbols: ['_'] }));
    if (of.kind === 'fixed') return this.#named(of, () => ({ size: of.size }));
    return { type: of.kind, of };
  }

  #named(of: Extract<AvroType, { readonly name: string }>, rest: () => object): unknown {
    const known = this.#names.get(of);
    if (known !== undefined) return known;
    const name = `N${this.#names.size}`;
    this.#names.set(of, name);
    return { type: of.kind, name, of, ...rest() };
  }
}

/**
 * The names of a record's fields as avsc is given them. It keeps tables of names in objects, where a stranger's field `constructor` is found twice and one called `__proto__` replaces
 * all others. Such a field has another name here, so it is skipped, and never written: ours cannot be called so.
 */
function fieldNames({ fields }: AvroRecord): readonly string[] {
  const longest = Math.max(0, ...fields.map(({ name }) => name.length));
  return fields.map(({ name }, index) => (name in {} ? '_'.repeat(longest + 1) + index : name));
}

/** Exactly the declared fields, of which avsc's own writer sees to none being absent. */
class WriteRecord extends RecordType implements Called {
  readonly #of: AvroRecord;
  readonly #members: number;
  constructor(of: AvroRecord, schema: avsc.Schema, options: object) {
    super(schema, options);
    this.#of = of;
    this.#members = of.fields.length + (of.tag === undefined ? 0 : 1);
  }
  get called(): string {
    return this.#of.name;
  }
  _createWriter(): Protocol['_write'] {
    const write = recordProtocol._createWriter.call(this);
    return (tap, json) => {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Unfit('is no object');
      if (Object.keys(json).length > this.#members) throw new Unfit('has a field that is not declared');
      write(tap, json);
    };
  }
  /** A stranger's record may hold itself, a hundred thousand times. */
  _createSkipper(): Protocol['_skip'] {
    const skip = recordProtocol._createSkipper.call(this);
    return (tap) => tap.deeper(skip);
  }
}

class WriteUnion extends WrappedUnionType {
  readonly #branchOf: BranchOfJson;
  constructor(branchOf: BranchOfJson, schema: avsc.Schema, options: object) {
    super(schema, options);
    this.#branchOf = branchOf;
  }
  _write(tap: Tap, json: unknown): void {
    const index = this.#branchOf(json);
    const branch = this.types[index];
    if (branch === undefined) throw new Unfit('is of none of the branches');
    tap.writeLong(index);
    protocol(branch)._write(tap, json);
  }
  _skip(tap: BoundedTap): void {
    const branch = this.types[tap.readLong()];
    if (branch === undefined) throw new Unfit('a union has no such branch');
    protocol(branch)._skip(tap);
  }
}

/** avsc skips blocks by their length, which may be negative. */
class WriteArray extends ArrayType {
  _skip(tap: BoundedTap): void {
    const items = protocol(this.itemsType);
    tap.blocks((at) => items._skip(at));
  }
}

/** Keys that a decoder refuses are not written. */
class WriteMap extends MapType {
  _write(tap: Tap, json: unknown): void {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Unfit('is no object');
    const entries = Object.entries(json);
    const values = protocol(this.valuesType as avsc.Type);
    if (entries.length > 0) tap.writeLong(entries.length);
    for (const [key, value] of entries) {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype' || key.includes('\0'))
        throw new Unfit('has a key that no map may have');
      tap.writeString(text(key));
      values._write(tap, value);
    }
    tap.writeLong(0);
  }
  _skip(tap: BoundedTap): void {
    const values = protocol(this.valuesType as avsc.Type);
    tap.blocks((at) => {
      at.skipString();
      values._skip(at);
    });
  }
}
