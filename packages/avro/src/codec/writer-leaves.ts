import type { AvroType } from '@leftfold/core';
import avsc from 'avsc';
import type { Tap } from './avsc-protocol.ts';
import { writeDayText, writeInstantText } from './calendar-bytes.ts';
import { decimalBytes, type DecimalForm } from './decimal-bytes.ts';
import { Unfit } from './unfit.ts';
import { writeLongText } from './write-long.ts';

const { BytesType, DoubleType, FixedType, FloatType, IntType, LongType, StringType } = avsc.types;

/** A long as its decimal string, whole (hazard A6). */
class WriteLong extends LongType {
  _write(tap: Tap, json: unknown): void {
    writeLongText(tap, json);
  }
}
class WriteInstant extends LongType {
  _write(tap: Tap, json: unknown): void {
    writeInstantText(tap, json);
  }
}
class WriteDay extends IntType {
  _write(tap: Tap, json: unknown): void {
    writeDayText(tap, json);
  }
}
class WriteInt extends IntType {
  _write(tap: Tap, json: unknown): void {
    if (typeof json !== 'number' || json !== (json | 0)) throw new Unfit('is no whole number in ±2^31');
    tap.writeInt(json);
  }
}
class WriteFloat extends FloatType {
  _write(tap: Tap, json: unknown): void {
    const value = finite(json);
    if (Math.fround(value) !== value) throw new Unfit('is no number of 32 bits');
    tap.writeFloat(value);
  }
}
class WriteDouble extends DoubleType {
  _write(tap: Tap, json: unknown): void {
    tap.writeDouble(finite(json));
  }
}
/** The stored form knows no −0. */
function finite(json: unknown): number {
  if (typeof json === 'number' && Number.isFinite(json)) return json + 0;
  throw new Unfit('is no finite number');
}

class WriteString extends StringType {
  _write(tap: Tap, json: unknown): void {
    tap.writeString(text(json));
  }
}
/** avsc writes half of a surrogate pair as three bytes that are no UTF-8. */
export function text(json: unknown): string {
  if (typeof json === 'string' && json.isWellFormed()) return json;
  throw new Unfit('is no text that UTF-8 can hold');
}

/** Bytes as base64. */
class WriteBytes extends BytesType {
  _write(tap: Tap, json: unknown): void {
    tap.writeBytes(fromBase64(json));
  }
}
/** Node takes whatever looks like base64; what is stored has one text only. */
function fromBase64(json: unknown): Buffer {
  const bytes = typeof json === 'string' ? Buffer.from(json, 'base64') : undefined;
  if (bytes !== undefined && bytes.toString('base64') === json) return bytes;
  throw new Unfit('is no base64 with padding');
}

class WriteDecimal extends BytesType {
  readonly #form: DecimalForm;
  constructor(form: DecimalForm) {
    super();
    this.#form = form;
  }
  _write(tap: Tap, json: unknown): void {
    tap.writeBytes(decimalBytes(json, this.#form));
  }
}

type Fixed = Extract<AvroType, { readonly kind: 'fixed' }>;
class WriteFixed extends FixedType {
  readonly #form: DecimalForm | undefined;
  constructor({ logical }: Fixed, schema: avsc.Schema, options: object) {
    super(schema, options);
    this.#form = logical?.name === 'decimal' ? logical : undefined;
  }
  _write(tap: Tap, json: unknown): void {
    const bytes = this.#form === undefined ? fromBase64(json) : padded(decimalBytes(json, this.#form), this.size);
    if (bytes.length !== this.size) throw new Unfit(`is not of ${this.size} bytes`);
    tap.writeFixed(bytes, this.size);
  }
}
function padded(bytes: Buffer, size: number): Buffer {
  if (bytes.length >= size) return bytes;
  const sign = (bytes[0] as number) & 0x80 ? 0xff : 0;
  return Buffer.concat([Buffer.alloc(size - bytes.length, sign), bytes]);
}

/** A type of a writer that has a name; avsc was given another one. */
export interface Called {
  /** With its namespace. */
  readonly called: string;
}

type Enum = Extract<AvroType, { readonly kind: 'enum' }>;
/** Has its symbols beside avsc's own, which looks them up in an object, where `toString` is always found. */
export class WriteEnum extends avsc.types.EnumType implements Called {
  readonly #of: Enum;
  readonly #indices: ReadonlyMap<unknown, number>;
  constructor(of: Enum, schema: avsc.Schema, options: object) {
    super(schema, options);
    this.#of = of;
    this.#indices = new Map(of.symbols.map((symbol, index) => [symbol, index]));
  }
  get called(): string {
    return this.#of.name;
  }
  get written(): readonly string[] {
    return this.#of.symbols;
  }
  _write(tap: Tap, json: unknown): void {
    const index = this.#indices.get(json);
    if (index === undefined) throw new Unfit('is none of the symbols');
    tap.writeLong(index);
  }
}

/** The type that writes a plain value in stored JSON form; `undefined` where avsc's own does. */
export function writerLeaf(type: AvroType, schema: avsc.Schema, options: object): avsc.Type | undefined {
  const logical = 'logical' in type ? type.logical : undefined;
  switch (type.kind) {
    case 'int':
      return logical?.name === 'date' ? new WriteDay() : new WriteInt();
    case 'long':
      return logical?.name === 'timestamp-millis' ? new WriteInstant() : new WriteLong();
    case 'float':
      return new WriteFloat();
    case 'double':
      return new WriteDouble();
    case 'string':
      return new WriteString();
    case 'bytes':
      return logical?.name === 'decimal' ? new WriteDecimal(logical) : new WriteBytes();
    case 'fixed':
      return new WriteFixed(type, schema, options);
    case 'enum':
      return new WriteEnum(type, schema, options);
    case 'null':
    case 'boolean':
    case 'array':
    case 'map':
    case 'union':
    case 'record':
      return undefined;
  }
}
