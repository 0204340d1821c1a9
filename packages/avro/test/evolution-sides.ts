import { inspect, isDeepStrictEqual } from 'node:util';
import { resolveAvro, resolvePayload, versionsOf, type t, type WriterSchema } from '@leftfold/core';
import type { Codec } from '@leftfold/subscriptions';
import { sampleValues } from '../src/release/golden/sample-values.ts';
import type { Side } from './evolution-change.ts';
import { eventOf } from './release-folder.ts';

/** One side of a change as a text of a subject. */
export interface Text {
  readonly subject: string;
  readonly writer: WriterSchema;
  /** Where builders can say it, so that the log's reader and the codec's can be asked. */
  readonly schema?: t.AnySchema;
}

/** The text of a side under the event name `<namespace>.case-<n>`. */
export function textOf(side: Side, namespace: string, n: number): Text {
  const type = eventOf(`${namespace}.case-${n}`, 'fields' in side ? side.fields : {});
  const [version] = versionsOf(type);
  if (version === undefined) throw new Error('an event has a version');
  const { name } = version.writer.avro as { readonly name: string };
  const subject = `${namespace}.${name}`;
  if ('fields' in side) return { subject, writer: version.writer, schema: version.schema };
  const avro: t.Json = { type: 'record', name, namespace, fields: side.avro };
  return { subject, writer: { ...version.writer, fingerprint: JSON.stringify(avro), avro } };
}

/** By the schemas alone: the verdict of Avro's resolution. */
export const isReadable = (from: Text, by: Text): boolean =>
  resolveAvro(from.writer.avro, by.writer.avro).findings.length === 0;

/**
 * What decoding really does with sample values of one text, read by another: stored JSON as the log has it, and bytes as a topic has them. Throws where the two differ. Where no
 * builder can say the reader, JSON is converted, and must be of the reader's form, which the codec knows.
 */
export async function decodes(from: Text, by: Text, codec: Codec): Promise<boolean> {
  await codec.prepare({ writers: [from.writer, by.writer] });
  const answers = new Set<boolean>();
  for (const { candidates } of sampleValues(from.writer.avro))
    for (const json of candidates) {
      const text = JSON.stringify(json);
      const value = codec.encode(text, from.writer);
      if (by.schema === undefined) answers.add(converts(json, from, by, codec));
      else {
        const record = { value, headers: { 'content-type': codec.contentType } };
        await codec.prepare({ records: [record] });
        const fromJson = logReads(text, from, by.schema);
        const fromBytes = codecReads(() => codec.decode(record, by.schema as t.AnySchema));
        if (!isDeepStrictEqual(fromJson, fromBytes))
          throw new Error(`of ${text} the log reads ${inspect(fromJson)}, the codec ${inspect(fromBytes)}`);
        answers.add(fromJson !== undefined);
      }
    }
  const [answer, ...others] = answers;
  if (answer === undefined || others.length > 0) throw new Error('some samples can be read, others cannot');
  return answer;
}

/** In memory form; `undefined` where it is refused. */
function logReads(text: string, from: Text, schema: t.AnySchema): unknown {
  const read = resolvePayload(schema, from.writer, text);
  return 'value' in read ? read.value : undefined;
}
function codecReads(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'LF_RECORD_UNDECODABLE') return undefined;
    throw error;
  }
}

function converts(json: t.Json, from: Text, by: Text, codec: Codec): boolean {
  const resolution = resolveAvro(from.writer.avro, by.writer.avro);
  if (resolution.findings.length > 0) return false;
  codec.encode(JSON.stringify(resolution.convert(json)), by.writer);
  return true;
}
