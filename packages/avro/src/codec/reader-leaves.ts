import avsc from 'avsc';
import type { CopyOptions, Read, Resolver } from './avsc-protocol.ts';
import type { BoundedTap } from './bounded-tap.ts';
import { day, instant } from './calendar-bytes.ts';
import { decimalText, type DecimalForm } from './decimal-bytes.ts';
import { Unfit } from './unfit.ts';

/** How a value is had in memory. */
interface Form {
  readonly name: string;
  /** From the bytes of each type of a writer that Avro lets it be read from. */
  readonly from: { readonly [writer: string]: Read };
  /** From a default as Avro's JSON says it. */
  readonly fromDefault: (json: unknown) => unknown;
  /** Where a value could be changed by whom it was given. */
  readonly copy?: (value: unknown) => unknown;
}

/** A type of the reader without parts. */
class ReadLeaf extends avsc.Type {
  override readonly typeName: string;
  readonly #form: Form;
  constructor(form: Form) {
    super();
    this.typeName = `memory:${form.name}`;
    this.#form = form;
  }
  _update(resolver: Resolver, { typeName }: avsc.Type): void {
    resolver._read = this.#form.from[typeName] ?? null;
  }
  _copy(value: unknown, options?: CopyOptions): unknown {
    const { fromDefault, copy } = this.#form;
    return options?.coerce === 2 ? fromDefault(value) : copy === undefined ? value : copy(value);
  }
}

const same = (json: unknown): unknown => json;
const readInt: Read = (tap) => tap.readInt();
const readText: Read = (tap) => tap.readString();

/** A copy: the record's bytes may be a window into a batch, which lives as long as any of them. */
function readBytes(tap: BoundedTap): Uint8Array {
  const from = tap.sized();
  return new Uint8Array(tap.buf.subarray(from, tap.pos));
}
/** Avro's promotion of bytes: what is no UTF-8 becomes U+FFFD. */
function readBytesAsText(tap: BoundedTap): string {
  const from = tap.sized();
  return tap.buf.toString('utf8', from, tap.pos);
}

/** JSON has neither NaN nor Infinity, and stores −0 as 0. */
function finite(value: number): number {
  if (Number.isFinite(value)) return value + 0;
  throw new Unfit('a number is not finite');
}

const NULL: Form = { name: 'null', from: { null: () => null }, fromDefault: same };
const BOOLEAN: Form = { name: 'boolean', from: { boolean: (tap) => tap.readBoolean() }, fromDefault: same };
const INT: Form = { name: 'int', from: { int: readInt }, fromDefault: same };
const INTEGER: Form = {
  name: 'integer',
  from: { long: (tap) => tap.readInteger(), int: readInt },
  fromDefault: same,
};
const BIGINT: Form = {
  name: 'bigint',
  from: { long: (tap) => tap.readBigint(), int: (tap) => BigInt(tap.readInt()) },
  fromDefault: (json) => BigInt(json as number),
};
const INSTANT: Form = {
  name: 'timestamp-millis',
  from: { long: (tap) => instant(tap.readInteger()) },
  fromDefault: (json) => instant(json as number),
  copy: (value) => new Date(value as Date),
};
const DAY: Form = {
  name: 'date',
  from: { int: (tap) => day(tap.readInt()) },
  fromDefault: (json) => day(json as number),
};
const DOUBLE: Form = {
  name: 'double',
  from: {
    double: (tap) => finite(tap.readDouble()),
    float: (tap) => finite(tap.readFloat()),
    int: readInt,
    long: (tap) => Number(tap.readBigint()),
  },
  fromDefault: same,
};
const TEXT: Form = { name: 'string', from: { string: readText, bytes: readBytesAsText }, fromDefault: same };
const UUID: Form = { name: 'uuid', from: { string: readText }, fromDefault: same };
const BYTES: Form = {
  name: 'bytes',
  from: { bytes: readBytes, string: readBytes },
  fromDefault: (json) => new Uint8Array(Buffer.from(json as string, 'latin1')),
  copy: (value) => new Uint8Array(value as Uint8Array),
};
function decimal(form: DecimalForm): Form {
  return {
    name: 'decimal',
    from: {
      bytes: (tap) => {
        const from = tap.sized();
        return decimalText(tap.buf, from, tap.pos, form);
      },
    },
    fromDefault: (json) => {
      const bytes = Buffer.from(json as string, 'latin1');
      return decimalText(bytes, 0, bytes.length, form);
    },
  };
}

/** Avro JSON of a type without parts, as far as it says how the value is had in memory. */
export interface LeafAvro {
  readonly type: string;
  readonly logicalType?: string;
  readonly memory?: 'bigint';
  readonly precision?: number;
  readonly scale?: number;
}

/** The type that reads a plain value into its memory form. */
export function readerLeaf({ type, logicalType, memory, precision = 0, scale = 0 }: LeafAvro): avsc.Type {
  const form = ((): Form => {
    switch (logicalType ?? memory ?? type) {
      case 'null':
        return NULL;
      case 'boolean':
        return BOOLEAN;
      case 'timestamp-millis':
        return INSTANT;
      case 'date':
        return DAY;
      case 'uuid':
        return UUID;
      case 'decimal':
        return decimal({ precision, scale });
      case 'bigint':
        return BIGINT;
      case 'long':
        return INTEGER;
      case 'int':
        return INT;
      case 'double':
        return DOUBLE;
      case 'string':
        return TEXT;
      case 'bytes':
        return BYTES;
      default:
        throw new Unfit(`a reader cannot have the type ${type}`);
    }
  })();
  return new ReadLeaf(form);
}
