import { versionsOf, type Catalogue } from '@leftfold/core';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { changedMarks } from './changed-marks.ts';
import { changedReadings } from './changed-readings.ts';
import { avroOf } from '../registry/checked-avro.ts';
import { incompatibilities } from '../registry/incompatibilities.ts';
import { incompatible } from './incompatible-texts.ts';
import { RESTORE_TEXT, type ReleaseFinding, type ReleaseReport } from './release-finding.ts';
import {
  eventNamedBy,
  eventOfSubject,
  releasedVersions,
  subjectOf,
  type ReleasedVersion,
} from './released-versions.ts';

/** What a check takes for granted about a registry. */
export interface CheckOptions {
  /**
   * Every subject is this service's, as in its own folder: one that no definition has is a removed event, and a version without a text below one that has some was lost. Default false: only those are, whose names belong
   * to one of its events, or stand in the namespace of one (`orders.order` of `orders.order.placed`).
   */
  readonly exclusive?: boolean;
}

/**
 * Compares every version of every event, public and private, with what is released of it, under the rule of its subject, and looks for released texts that no
 * definition has any more. Reads only, and as often as it likes. What a registry would take and today's code could not read is a fault; so is nothing that is merely
 * not released yet.
 *
 * Texts under a former name of a type (`aliases`) are in the log for ever, so today's text must read them where the rule of their subject asks for reading at all;
 * nobody who knows only that name reads today's events.
 */
export async function checkRelease(
  catalogue: Catalogue,
  registry: SchemaRegistry,
  { exclusive = false }: CheckOptions = {},
): Promise<ReleaseReport> {
  const versions = await releasedVersions(catalogue, registry);
  const faults: ReleaseFinding[] = [];
  const unreleased: ReleaseFinding[] = [];
  let texts = 0;
  for (const one of versions) {
    texts += one.released.length + one.former.reduce((sum, { released }) => sum + released.length, 0);
    faults.push(...invalidTexts(one), ...(await revisionFaults(one, registry)), ...(await renameFaults(one, registry)));
    faults.push(...changedMeanings(one), ...marksTaken(one));
    const gap = exclusive ? versionGap(one, versions) : [];
    faults.push(...gap);
    if (one.current === undefined && !gap.some(({ subject }) => subject === one.subject))
      unreleased.push(notReleased(one));
  }
  faults.push(...removed(catalogue, await registry.subjects(), exclusive));
  return { registry: registry.description, faults, unreleased, checked: { versions: versions.length, texts } };
}

async function revisionFaults(one: ReleasedVersion, registry: SchemaRegistry): Promise<readonly ReleaseFinding[]> {
  const { current, released, subject, version } = one;
  const earlier = released.filter((text) => text !== current);
  if (earlier.length === 0) return [];
  const mode = await registry.compatibility(subject);
  const found = incompatibilities(version.writer.avro, earlier, mode, released.at(-1));
  return found.map((incompatibility) => incompatible(one, subject, incompatibility));
}

async function renameFaults(one: ReleasedVersion, registry: SchemaRegistry): Promise<readonly ReleaseFinding[]> {
  const findings: ReleaseFinding[] = [];
  for (const { subject, released } of one.former) {
    const mode = await registry.compatibility(subject);
    findings.push(
      ...incompatibilities(one.version.writer.avro, released, mode)
        .filter(({ reader }) => reader === 'further')
        .map((incompatibility) => incompatible(one, subject, incompatibility)),
    );
  }
  return findings;
}

/** Not for one rule or another: it is the service's own events that would be read otherwise. */
function changedMeanings({ type, version, subject, released, former }: ReleasedVersion): readonly ReleaseFinding[] {
  const earlier = former.flatMap((old) => old.released);
  return changedReadings(version.writer.avro, [...earlier, ...released]).map(({ written, read, field, symbols }) => ({
    kind: 'incompatible',
    event: type.type,
    version: version.version,
    subject: former.find((old) => old.released.includes(read))?.subject ?? subject,
    revision: read.version,
    ...(field !== '' && { field }),
    rule: 'reading-changed',
    message: `the definition reads events of revision ${written.version} otherwise than revision ${read.version} did${symbols === undefined ? '' : `: ${symbols}`}`,
    remedy: `keep the ${symbols === undefined ? 'default that was' : 'symbols that were'} released, or say the change as a new version with an upcaster`,
  }));
}

/** As little a matter of the rule: what is written without its mark, or under another subject, is not erased with its person. */
function marksTaken({ type, version, subject, released, former }: ReleasedVersion): readonly ReleaseFinding[] {
  const earlier = former.flatMap((old) => old.released);
  return changedMarks(version.writer.avro, [...earlier, ...released]).map(
    ({ released: text, rule, field, message, remedy }) => ({
      kind: 'incompatible',
      event: type.type,
      version: version.version,
      subject: former.find((old) => old.released.includes(text))?.subject ?? subject,
      revision: text.version,
      field,
      rule,
      message,
      remedy,
    }),
  );
}

/** A push releases the versions of a type from the first on, so one that is missing below another was there. Under former names likewise. */
function versionGap(one: ReleasedVersion, versions: readonly ReleasedVersion[]): readonly ReleaseFinding[] {
  const { type, version } = one;
  const has = ({ subject, released, former }: ReleasedVersion, wanted: string): boolean =>
    (subject === wanted && released.length > 0) || former.some((old) => old.subject === wanted);
  return [type.type, ...type.aliases].flatMap((name): readonly ReleaseFinding[] => {
    const subject = subjectOf(name, version.version);
    if (has(one, subject)) return [];
    const later = versions.find(
      (other) =>
        other.type === type &&
        other.version.version > version.version &&
        has(other, subjectOf(name, other.version.version)),
    );
    if (later === undefined) return [];
    return [
      {
        kind: 'version-gap',
        event: type.type,
        version: version.version,
        subject,
        rule: 'version-gap',
        message: `version ${later.version.version} is released, and version ${version.version} is not: its released text is gone`,
        remedy: RESTORE_TEXT,
      },
    ];
  });
}

/** A released text that no Avro library could read, whoever put it there. */
function invalidTexts({ type, version, subject, released, former }: ReleasedVersion): readonly ReleaseFinding[] {
  const all = [{ subject, released }, ...former];
  return all.flatMap((of) =>
    of.released.flatMap((text): readonly ReleaseFinding[] => {
      const avro = avroOf(text);
      if (!('why' in avro)) return [];
      return [
        {
          kind: 'text-invalid',
          event: type.type,
          version: version.version,
          subject: of.subject,
          revision: text.version,
          rule: 'text-invalid',
          message: `revision ${text.version}: ${avro.why}`,
          remedy: 'bring the text back as it was released; in a registry, delete what is none of ours',
        },
      ];
    }),
  );
}

function notReleased({ type, version, subject, released }: ReleasedVersion): ReleaseFinding {
  const isNew = released.length === 0;
  const what = isNew
    ? version.version === 1
      ? 'this event'
      : 'this version'
    : `a further revision, after ${released.length},`;
  return {
    kind: 'unreleased',
    event: type.type,
    version: version.version,
    subject,
    rule: 'unreleased',
    message: `${what} is not released yet`,
    remedy: 'push it before it is written in production',
  };
}

/** A released text never disappears: its events are in the log and on topics for ever. */
function removed(catalogue: Catalogue, subjects: readonly string[], exclusive: boolean): readonly ReleaseFinding[] {
  const { events } = catalogue;
  const namespaces = new Set(
    events.flatMap(({ type, aliases }) => [type, ...aliases]).map((name) => namespaceOf(subjectOf(name, 1))),
  );
  return subjects.flatMap((subject): readonly ReleaseFinding[] => {
    const known = eventOfSubject(subject, events);
    if (known !== undefined && known.version <= versionsOf(known.type).length) return [];
    if (known !== undefined) {
      const { type, version } = known;
      return [
        {
          kind: 'version-removed',
          event: type.type,
          version,
          subject,
          rule: 'version-removed',
          message: `version ${version} is released, and the definition ends at version ${versionsOf(type).length}`,
          remedy: 'bring the version back; events of it stay in the log for ever',
        },
      ];
    }
    // Others may go by topics: `orders.order-value`.
    if (!exclusive && !(FULL_NAME.test(subject) && namespaces.has(namespaceOf(subject)))) return [];
    return [
      {
        kind: 'event-removed',
        event: subject,
        ...eventNamedBy(subject),
        subject,
        rule: 'event-removed',
        message: 'it is released, and no definition has it',
        remedy: 'define the event again: as retired: true, or, if it was renamed, list its former name in aliases',
      },
    ];
  });
}

const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const namespaceOf = (subject: string): string => subject.slice(0, Math.max(0, subject.lastIndexOf('.')));
