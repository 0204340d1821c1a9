import { checkUpcast, encodePayload, resolveAvro, resolvePayload, t, upcastTo, versionsOf } from '@leftfold/core';
import type { CorpusText } from './released-corpus.ts';

/** What today's code makes of a stored payload: its stored JSON form at its own version and at each later one. Or why it makes nothing of it. */
export type UpcastResults = { readonly byVersion: ReadonlyMap<number, t.Json> } | { readonly fault: string };

/**
 * Reads a payload as it was written with `text` and brings it into every later version by the definition's own upcasters, which are held to what a log rests on ({@link checkUpcast}): the same
 * result twice, their input as it was, and what their version's schema takes. Constraints do not count: old events need not meet them.
 */
export function upcastResults(text: CorpusText, json: t.Json): UpcastResults {
  const { type, version } = text;
  const read = readToday(text, json);
  if ('fault' in read) return read;
  const byVersion = new Map([[version.version, read.json]]);
  const later = versionsOf(type).slice(version.version);
  try {
    if (later.length > 0 && isStorable(version.schema, read.value)) checkUpcast(type, version.version, read.value);
    let { value } = read;
    for (const next of later) {
      value = upcastTo(type, next, value);
      byVersion.set(next.version, t.toJson(next.schema, value) as t.Json);
    }
  } catch (error) {
    return { fault: messageOf(error) };
  }
  return { byVersion };
}

/** A stored payload as today's reader of its own version has it, in memory form and in stored JSON form. */
export function readToday(
  { version, writer }: CorpusText,
  json: t.Json,
): { readonly value: unknown; readonly json: t.Json } | { readonly fault: string } {
  const decoded = resolvePayload(version.schema, writer, JSON.stringify(json));
  if ('issues' in decoded) return { fault: `today's definition does not read it: ${issuesText(decoded.issues)}` };
  // Not by writing what was read: text that was bytes once may hold what is read, and never written.
  const stored = resolveAvro(writer.avro, version.writer.avro).convert(json) as t.Json;
  return { value: decoded.value, json: stored };
}

const isStorable = (schema: t.AnySchema, value: unknown): boolean => !('issues' in encodePayload(schema, value, false));

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message} (${cause.name}: ${cause.message})` : error.message;
}

function issuesText(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')} ${message}`))
    .join(', ');
}
