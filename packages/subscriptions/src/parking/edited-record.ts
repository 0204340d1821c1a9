import { fromJson, issuesText, versionsOf, type AnyEventType, type Json, type t } from '@leftfold/core';
import { envelopeOf } from '../record/envelope-of.ts';
import type { ParkedEvent } from '../parked.ts';
import { RecordUndecodable } from '../record/record-undecodable.ts';
import type { SourceRecord } from '../source.ts';

/** A parked event with the payload that somebody has put in its place: stored JSON of the latest version of its type, whatever version it was written with. */
export function editedRecord({ envelope, edited }: ParkedEvent, on: AnyEventType): SourceRecord | undefined {
  if (edited === undefined) return undefined;
  return {
    ...envelopeOf(envelope),
    version: on.latest as number,
    keep: () => ({ envelope, raw: null }),
    decode: () => decodeEdited(on, edited.payload),
  };
}

/**
 * A payload in memory form, from stored JSON of the latest version of its type.
 * @throws {@link RecordUndecodable} `LF_RECORD_UNDECODABLE`, which names the fields and why
 */
export function decodeEdited(on: AnyEventType, payload: Json): unknown {
  const schema = versionsOf(on).at(-1)?.schema as t.AnySchema;
  const decoded = fromJson(schema, payload);
  if ('value' in decoded) return decoded.value;
  throw new RecordUndecodable(`it is no payload of ${on.type}, version ${on.latest}: ${issuesText(decoded.issues)}`);
}
