import { versionsOf, type AnyEventType, type EventVersion, type t } from '@leftfold/core';
import { code, paragraph, plain, table } from './markdown.ts';
import { payloadFields, type PayloadField } from './payload-fields.ts';
import { versionChanges, type VersionChanges } from './version-changes.ts';

/** What an event type says, in a line: by the newest of its versions that says anything. */
export const docOf = (type: AnyEventType): string =>
  versionsOf(type).findLast(({ doc }) => doc !== undefined)?.doc ?? '';

/** What the catalogue says of one event type under its heading: all versions, the latest first. */
export function eventSection(type: AnyEventType): string {
  const versions = versionsOf(type);
  const doc = docOf(type);
  const facts = [
    ...(type.private ? ['Private: it stays in the log and is on no topic.'] : []),
    ...(type.retired ? ['Retired: no longer written. Its events stay where they are and are read as ever.'] : []),
    ...(type.aliases.length > 0
      ? [
          `Formerly ${codes([...type.aliases].sort())}: events that were written then keep that name, and that of their Avro record.`,
        ]
      : []),
  ];
  return [
    ...(doc === '' ? [] : [paragraph(doc)]),
    ...(facts.length === 0 ? [] : [facts.map((fact) => `- ${fact}`).join('\n')]),
    ...versions.map((version, index) => versionText(version, versions[index - 1], versions.length, doc)).toReversed(),
  ].join('\n\n');
}

function versionText(of: EventVersion, before: EventVersion | undefined, latest: number, shownDoc: string): string {
  const fields = payloadFields(of.schema);
  const { name, namespace } = of.schema.avro as { readonly name: string; readonly namespace: string };
  const changes = before === undefined ? [] : changesText(versionChanges(payloadFields(before.schema), fields));
  return [
    `**Version ${of.version}**${of.version === latest ? ', the latest' : ''}, Avro record ${code(`${namespace}.${name}`)}${
      of.doc === undefined || of.doc === shownDoc ? '' : `: ${plain(of.doc)}`
    }`,
    ...(fields.length === 0 ? ['It has no fields.'] : [fieldTable(fields, of)]),
    ...(before === undefined
      ? []
      : [
          `Since version ${before.version}: ${changes.length === 0 ? 'the same fields, with another meaning' : changes.join('; ')}.`,
        ]),
  ].join('\n\n');
}

const fieldTable = (fields: readonly PayloadField[], { subject }: EventVersion): string =>
  table(
    ['Field', 'Type', 'Allowed', 'Read when absent', 'Personal data'],
    fields.map(({ path, type, allowed = '', absent, erasedAs }) => [
      code(path),
      plain(type),
      plain(allowed),
      absent === undefined ? '' : jsonText(absent),
      path === subject ? 'says whose they are' : erasedAs === undefined ? '' : `erased as ${jsonText(erasedAs)}`,
    ]),
  );

function changesText({ added, removed, changed }: VersionChanges): readonly string[] {
  return [
    ...(added.length === 0 ? [] : [`new ${codes(added)}`]),
    ...(removed.length === 0 ? [] : [`gone ${codes(removed)}`]),
    ...changed.map(({ path, was, is }) => `${code(path)} was ${plain(was)}, is ${plain(is)}`),
  ];
}

const jsonText = (json: t.Json): string => code(JSON.stringify(json));
const codes = (names: readonly string[]): string => names.map(code).join(', ');
