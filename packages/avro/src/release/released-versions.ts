import { avroRecordName, versionsOf, type AnyEventType, type Catalogue, type EventVersion } from '@leftfold/core';
import type { RegisteredSchema, SchemaRegistry } from '../registry/schema-registry.ts';

/** One version of an event type, beside what is released of it. */
export interface ReleasedVersion {
  readonly type: AnyEventType;
  readonly version: EventVersion;
  readonly subject: string;
  /** As the definitions say it now. */
  readonly text: string;
  /** Its place among the released ones; `undefined`: not released yet. */
  readonly current?: RegisteredSchema;
  /** Texts of its subject, oldest first. */
  readonly released: readonly RegisteredSchema[];
  /** Texts from before the type was renamed, under the subjects of its former names. */
  readonly former: readonly { readonly subject: string; readonly released: readonly RegisteredSchema[] }[];
}

/** The subject of a version of an event: the full name of its Avro record. */
export function subjectOf(event: string, version: number): string {
  const { name, namespace } = avroRecordName(event, version);
  return `${namespace}.${name}`;
}

/** Enough to hide the way to a registry, too few to trouble it. */
const AT_ONCE = 16;

/** All versions of all types with what a registry holds of them, in order of names and versions. */
export async function releasedVersions(
  catalogue: Catalogue,
  registry: SchemaRegistry,
): Promise<readonly ReleasedVersion[]> {
  const wanted = catalogue.events.flatMap((type) => versionsOf(type).map((version) => ({ type, version })));
  const found: ReleasedVersion[] = [];
  for (let i = 0; i < wanted.length; i += AT_ONCE) {
    const some = wanted.slice(i, i + AT_ONCE);
    found.push(...(await Promise.all(some.map(({ type, version }) => releasedVersion(type, version, registry)))));
  }
  return found;
}

async function releasedVersion(
  type: AnyEventType,
  version: EventVersion,
  registry: SchemaRegistry,
): Promise<ReleasedVersion> {
  const subject = subjectOf(type.type, version.version);
  const text = JSON.stringify(version.writer.avro);
  const released = await registry.versions(subject);
  const former = await Promise.all(
    type.aliases.map(async (alias) => {
      const old = subjectOf(alias, version.version);
      return { subject: old, released: await registry.versions(old) };
    }),
  );
  // The registry says which text is the same: it may have turned what it was given into a form of its own.
  const id = released.length === 0 ? undefined : await registry.find(subject, text);
  const current = released.find((one) => one.id === id);
  return {
    type,
    version,
    subject,
    text,
    released,
    former: former.filter((old) => old.released.length > 0),
    ...(current && { current }),
  };
}

/** The event and version that a subject was made for, by its name alone, which is that of the Avro record: for events that no definition has. `undefined` for what is none of ours. */
export function eventNamedBy(subject: string): { readonly event: string; readonly version: number } | undefined {
  const [, namespace = '', record = '', digits = '1'] = /^(.+)\.([^.]+?)(?:V([1-9][0-9]*))?$/.exec(subject) ?? [];
  const kebab = record.replaceAll(/[A-Z]/g, (letter, at) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`);
  const [event, version] = [`${namespace}.${kebab}`.replaceAll('_', '-'), Number(digits)];
  return subjectOf(event, version) === subject ? { event, version } : undefined;
}

/** The event and version that a subject was made for; `undefined` when no type has such a name, now or before. */
export function eventOfSubject(
  subject: string,
  types: readonly AnyEventType[],
): { readonly type: AnyEventType; readonly version: number } | undefined {
  for (const type of types)
    for (const name of [type.type, ...type.aliases]) {
      const first = subjectOf(name, 1);
      if (subject === first) return { type, version: 1 };
      const suffix = subject.startsWith(first) ? /^V([1-9][0-9]*)$/.exec(subject.slice(first.length)) : null;
      if (suffix !== null) return { type, version: Number(suffix[1]) };
    }
  return undefined;
}
