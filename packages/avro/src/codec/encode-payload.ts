import type { AvroType, WriterSchema } from '@leftfold/core';
import { faultInPayload } from './fault-in-payload.ts';
import { PayloadUnencodable } from './payload-unencodable.ts';
import { HEAD_BYTES, writeHead } from './wire-head.ts';
import type { Writer } from './writer.ts';

const FIRST_ROOM = 16 * 1024;
/** What a rare large payload needed is not kept. */
const KEPT_ROOM = 1024 * 1024;

/** Encodes payloads one after the other in the same room, and hands out copies (hazard A8). */
export class PayloadEncoder {
  #room: Buffer = Buffer.allocUnsafeSlow(FIRST_ROOM);

  /** @throws {@link PayloadUnencodable} `LF_PAYLOAD_UNENCODABLE` */
  encode(payload: string, schema: WriterSchema, { type, graph }: Writer, id: number): Buffer {
    const json = parsed(payload, schema);
    let room = this.#room;
    let end: number;
    try {
      end = type.encode(json, room, HEAD_BYTES);
      if (end < 0) {
        // So many bytes are missing.
        room = Buffer.allocUnsafeSlow(room.length - end);
        end = type.encode(json, room, HEAD_BYTES);
      }
    } catch {
      throw unencodable(schema, graph, json);
    }
    if (room.length <= KEPT_ROOM) this.#room = room;
    writeHead(room, id);
    const bytes = Buffer.allocUnsafe(end);
    room.copy(bytes, 0, 0, end);
    return bytes;
  }
}

function unencodable(schema: WriterSchema, graph: AvroType, json: unknown): PayloadUnencodable {
  try {
    const { path, what } = faultInPayload(graph, json);
    return new PayloadUnencodable(schema, path, what);
  } catch {
    // Of a record that holds itself, beyond the stack; avsc had come to the same end.
    return new PayloadUnencodable(schema, '', 'is nested too deep');
  }
}

function parsed(payload: string, schema: WriterSchema): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // The parser's message quotes the text.
    throw new PayloadUnencodable(schema, '', 'is no JSON');
  }
}
