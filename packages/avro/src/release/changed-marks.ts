import { isJsonObject, type t } from '@leftfold/core';
import { stringPlaces } from '../contracts/personal-fields.ts';
import type { RegisteredSchema } from '../registry/schema-registry.ts';
import { avroOf } from '../registry/checked-avro.ts';

/** What a further text says otherwise than a released one about whose personal data stands where. */
export interface ChangedMark {
  readonly released: RegisteredSchema;
  readonly rule: 'personal-removed' | 'subject-changed' | 'erased-as-changed';
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Marks of personal data that a further text takes away or changes. Avro's resolution knows none of them, so every rule of compatibility lets them pass; but data of one field would be erased in
 * the events of one revision and stay in those of the next, under another person, or be read as something else. A field may become personal, or go.
 * @param released the subject's texts, oldest first; of each field the latest counts that has it
 */
export function changedMarks(further: t.Json, released: readonly RegisteredSchema[]): readonly ChangedMark[] {
  const now = new Map(stringPlaces(further).map((place) => [place.field, place]));
  const before = new Map<string, { readonly text: RegisteredSchema; readonly erasedAs: string | undefined }>();
  let subject: { readonly text: RegisteredSchema; readonly field: string } | undefined;
  for (const text of released) {
    const avro = avroOf(text);
    if ('why' in avro) continue;
    for (const { field, erasedAs } of stringPlaces(avro.json)) before.set(field, { text, erasedAs });
    subject = subjectIn(avro.json, text) ?? subject;
  }
  const found: ChangedMark[] = [];
  const today = isJsonObject(further) ? further['subject'] : undefined;
  if (subject !== undefined && today !== subject.field)
    found.push({
      released: subject.text,
      rule: 'subject-changed',
      field: subject.field,
      message: `its personal data was released as that of '${subject.field}', and the definition says ${typeof today === 'string' ? `'${today}'` : 'nobody'}`,
      remedy: `keep subject: '${subject.field}'; events of another person are a new version, or another event`,
    });
  for (const [field, { text, erasedAs }] of before) {
    const place = now.get(field);
    if (place === undefined || erasedAs === undefined || place.erasedAs === erasedAs) continue;
    found.push(
      place.erasedAs === undefined
        ? {
            released: text,
            rule: 'personal-removed',
            field,
            message: `the field was released as personal in revision ${text.version}, and the definition says it is not`,
            remedy: 'mark it again with t.personal: what is written without the mark cannot be erased',
          }
        : {
            released: text,
            rule: 'erased-as-changed',
            field,
            message: `what stands for an erased value was released as ${JSON.stringify(erasedAs)}, and is ${JSON.stringify(place.erasedAs)} now`,
            remedy: 'keep the erasedAs that was released; another one is a new version of the event',
          },
    );
  }
  return found;
}

function subjectIn(avro: t.Json, text: RegisteredSchema) {
  const field = isJsonObject(avro) ? avro['subject'] : undefined;
  return typeof field === 'string' ? { text, field } : undefined;
}
