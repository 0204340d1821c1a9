import type { Json, t } from '@leftfold/core';
import { commentLines, type Code } from './code.ts';

/** A schema as code and as a value: what is printed has been built, so it is not refused when somebody runs it. */
export interface Piece {
  readonly code: Code;
  readonly schema: t.AnySchema;
}
/** A variant of a tagged union. */
export interface Variant {
  readonly tag: string;
  readonly variant: string;
  readonly fields: FieldPieces;
}
/** The fields of a record. */
export interface FieldPieces {
  readonly code: Code;
  readonly schemas: t.Fields;
}
/** A constant of the printed file. */
export interface Constant {
  readonly name: string;
  readonly code: Code;
  readonly comments: readonly string[];
}
/** What the builders cannot say. */
export interface Unsupported {
  /** From the root, as `lines[].price`; empty for the root itself. */
  readonly path: string;
  /** What it is, and what was done instead. */
  readonly message: string;
}
/** Where a type stands. */
export interface Place {
  readonly path: string;
  readonly namespace: string;
}

const RESERVED =
  'arguments await break case catch class const continue debugger default delete do else enum eval event export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch t this throw true try typeof undefined var void while with yield Date Uint8Array';

type ReadType = (avro: Json, place: Place, reading: Reading) => Piece | undefined;

/** What is known while a schema is read. */
export class Reading {
  readonly constants: Constant[] = [];
  readonly unsupported: Unsupported[] = [];
  /** By full name. `undefined` once it was begun, and for ever where it could not be said. */
  readonly types: Map<string, Piece | Variant | undefined> = new Map();
  /** Unions that are constants, by the names of their branches. */
  readonly unions: Map<string, Piece> = new Map();
  readonly #readType: ReadType;
  readonly #taken = new Set(RESERVED.split(' '));
  #comments: string[] = [];

  constructor(readType: ReadType) {
    this.#readType = readType;
  }

  /** The builders of a type inside this one; `undefined` where there are none, which is noted. */
  read(avro: Json, place: Place): Piece | undefined {
    return this.#readType(avro, place, this);
  }
  /** The full name of a type that was met before. */
  find(name: string, { namespace }: Place): string | undefined {
    const full = name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
    return [full, name].find((each) => this.types.has(each));
  }
  /** Notes what cannot be said: in the report, and in a comment at this place. */
  refuse({ path }: Place, message: string): undefined {
    this.unsupported.push({ path, message });
    this.comment(message);
  }
  /** Keeps text for people. */
  comment(text: Json | undefined): void {
    if (typeof text === 'string') this.#comments.push(...commentLines(text));
  }
  /** The comments made meanwhile, which belong to what `read` reads. */
  commented<T>(read: () => T): { readonly result: T; readonly comments: readonly string[] } {
    const outer = this.#comments;
    this.#comments = [];
    const result = read();
    const comments = this.#comments;
    this.#comments = outer;
    return { result, comments };
  }
  /** What a builder makes, with its code; a refusal is noted. */
  built(place: Place, code: Code, build: () => t.AnySchema): Piece | undefined {
    try {
      return { code, schema: build() };
    } catch (error) {
      return this.refuse(place, error instanceof Error ? error.message : String(error));
    }
  }
  /** What a builder makes of another schema. */
  around(
    place: Place,
    builder: string,
    build: (inner: t.AnySchema) => t.AnySchema,
    inner: Piece | undefined,
  ): Piece | undefined {
    return inner && this.built(place, { call: builder, with: [inner.code] }, () => build(inner.schema));
  }
  /** A name of the printed file that nothing else has. */
  nameFor(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#taken.has(name); n++) name = `${wanted}${n}`;
    this.#taken.add(name);
    return name;
  }
}
