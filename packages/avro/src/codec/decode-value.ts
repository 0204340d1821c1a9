import { resolveAvro, type t } from '@leftfold/core';
import type avsc from 'avsc';
import type { Read } from './avsc-protocol.ts';
import { BoundedTap } from './bounded-tap.ts';
import { readerType } from './reader-type.ts';
import { Unfit } from './unfit.ts';
import { HEAD_BYTES } from './wire-head.ts';
import type { Writer } from './writer.ts';

/** From a record of one writer to the memory form of one reader. @throws {@link Unfit} */
type Decode = (bytes: Buffer) => unknown;

/**
 * Decoders by reader and writer. A resolver takes avsc as long to make as decoding a hundred records, so each pair has it made once (hazard A1), the verdict
 * too. By the reader's schema itself, not by its text: `t.integer()` and `t.long()` have one. Held weakly, for schemas that are made at run time.
 */
export class Decoders {
  readonly #readers = new WeakMap<t.AnySchema, { readonly type: avsc.Type; readonly byWriter: Map<number, Decode> }>();

  decode(bytes: Buffer, id: number, writer: Writer, schema: t.AnySchema): unknown {
    let reader = this.#readers.get(schema);
    if (reader === undefined) {
      reader = { type: readerType(schema), byWriter: new Map() };
      this.#readers.set(schema, reader);
    }
    let decode = reader.byWriter.get(id);
    if (decode === undefined) {
      decode = decoder(writer, schema, reader.type);
      reader.byWriter.set(id, decode);
    }
    return decode(bytes);
  }
}

function decoder(writer: Writer, schema: t.AnySchema, type: avsc.Type): Decode {
  const [finding] = resolveAvro(writer.avro, schema.avro).findings;
  if (finding !== undefined) {
    const { path, message, remedy } = finding;
    const why = `its schema does not fit the reader's: ${path === '' ? '' : `${path}: `}${message}; ${remedy}`;
    return () => {
      throw new Unfit(why);
    };
  }
  const resolver = type.createResolver(writer.type) as unknown as { _read: Read };
  return (bytes) => {
    const tap = new BoundedTap(bytes, HEAD_BYTES);
    const value = resolver._read(tap);
    tap.finish();
    return value;
  };
}
