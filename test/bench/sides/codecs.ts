import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { avro } from '@leftfold/avro';
import { jsonCodec, type Codec, type EncodedRecord } from '@leftfold/subscriptions';
import avsc from 'avsc';
import { orderPayloads, orderSchema, orderWriter } from '../order-events.ts';
import type { OpenSide, Side } from './side.ts';

/** Events of one piece of work; the loop turns between two. */
const EVENTS = 1_000;
const HEAD_BYTES = 5;

/** Which way a payload goes. */
export type Direction = 'encode' | 'decode';

/** Leftfold's codec of a format, as relay and source call it. */
export function codecSide(format: 'Avro' | 'JSON', direction: Direction): Side {
  return cpuSide('Leftfold', async () => {
    const { codec, close } = await codecOf(format);
    const payloads = orderPayloads(EVENTS);
    const records = payloads.map((payload) => recordOf(codec, payload));
    if (direction === 'decode') await codec.prepare({ records });
    return {
      once: () => {
        if (direction === 'encode') for (const payload of payloads) codec.encode(payload, orderWriter);
        else for (const record of records) codec.decode(record, orderSchema);
      },
      close,
    };
  });
}

/** Limit: avsc alone, the type made once, without a registry's head, logical types or checks; longs as numbers, in the form that it likes best. */
export function bareAvsc(direction: Direction): Side {
  return cpuSide('bare avsc', async () => {
    const type = avsc.Type.forSchema(structuredClone(orderWriter.avro) as avsc.Schema, { wrapUnions: 'never' });
    const texts = orderPayloads(EVENTS).map((payload) => JSON.stringify(forAvsc(JSON.parse(payload) as Order)));
    const buffers = texts.map((text) => type.toBuffer(JSON.parse(text)));
    const resolver = type.createResolver(type);
    return {
      once: () => {
        if (direction === 'encode') for (const text of texts) type.toBuffer(JSON.parse(text));
        else for (const buffer of buffers) type.fromBuffer(buffer, resolver);
      },
    };
  });
}

/** Limit: what the platform does for JSON. */
export function bareJson(direction: Direction): Side {
  return cpuSide('bare JSON', () => {
    const payloads = orderPayloads(EVENTS);
    const buffers = payloads.map((payload) => Buffer.from(payload));
    return Promise.resolve({
      once: () => {
        if (direction === 'encode') for (const payload of payloads) Buffer.from(payload);
        else for (const buffer of buffers) JSON.parse(buffer.toString());
      },
    });
  });
}

/** Bytes of a payload on the wire, on average. */
export async function bytesOf(format: 'Avro' | 'JSON'): Promise<number> {
  const { codec, close } = await codecOf(format);
  const payloads = orderPayloads(EVENTS);
  const bytes = payloads.reduce((sum, payload) => sum + codec.encode(payload, orderWriter).byteLength, 0);
  await close();
  return bytes / EVENTS;
}

/** The JSON form with longs as numbers, which bare avsc takes. */
interface Order {
  readonly total: { readonly cents: string };
  readonly lines: readonly { readonly price: { readonly cents: string } }[];
  readonly placedAt: string;
}
const forAvsc = (order: Order): unknown => ({
  ...order,
  total: { ...order.total, cents: Number(order.total.cents) },
  lines: order.lines.map((line) => ({ ...line, price: { ...line.price, cents: Number(line.price.cents) } })),
  placedAt: Date.parse(order.placedAt),
});

function recordOf(codec: Codec, payload: string): EncodedRecord {
  const value = codec.encode(payload, orderWriter);
  if (value.byteLength <= HEAD_BYTES) throw new RangeError('a payload has no bytes');
  return { value, headers: { 'content-type': codec.contentType } };
}

async function codecOf(
  format: 'Avro' | 'JSON',
): Promise<{ readonly codec: Codec; readonly close: () => Promise<void> }> {
  if (format === 'JSON') return { codec: jsonCodec(), close: () => Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'leftfold-bench-'));
  const codec = avro({ registry: folder, register: true });
  await codec.prepare({ writers: [orderWriter] });
  return { codec, close: () => rm(folder, { recursive: true, force: true }) };
}

/** A side that needs no server. */
function cpuSide(
  name: string,
  open: () => Promise<{ readonly once: () => void; readonly close?: () => Promise<void> }>,
): Side {
  return {
    name,
    workers: 1,
    open: async (): Promise<OpenSide> => {
      const { once, close } = await open();
      return {
        work: async () => {
          once();
          await setImmediate();
          return EVENTS;
        },
        close: close ?? (() => Promise.resolve()),
      };
    },
  };
}
