import { createHash } from 'node:crypto';
import type { AnyEventType, Catalogue, EventVersion, t, WriterSchema } from '@leftfold/core';
import { fileRegistry } from '../../registry/file-registry.ts';
import { avroOf } from '../../registry/checked-avro.ts';
import { releasedVersions, subjectOf } from '../released-versions.ts';

/** A released text, and the definition that reads it today. */
export interface CorpusText {
  readonly type: AnyEventType;
  readonly version: EventVersion;
  readonly subject: string;
  /** From 1. */
  readonly revision: number;
  readonly writer: WriterSchema;
}

/** How golden files and titles call a text: `orders.order.PlacedV2/1`. */
export const textName = ({ subject, revision }: Pick<CorpusText, 'subject' | 'revision'>): string =>
  `${subject}/${revision}`;

/** SHA-256, hex, of a text without whitespace. */
export const textFingerprint = (avro: t.Json): string =>
  createHash('sha256').update(JSON.stringify(avro)).digest('hex');

/** Every released text in a folder that a definition covers, under former names of its type, too; in order of names, versions and revisions. */
export async function releasedCorpus(catalogue: Catalogue, folder: string): Promise<readonly CorpusText[]> {
  const versions = await releasedVersions(catalogue, fileRegistry(folder));
  return versions.flatMap(({ type, version, subject, released, former }) =>
    [...former, { subject, released }].flatMap((of) =>
      of.released.flatMap((text): readonly CorpusText[] => {
        const avro = avroOf(text);
        // The check tells of a text that is none.
        if ('why' in avro) return [];
        const fingerprint = textFingerprint(avro.json);
        const writer = { type: type.type, version: version.version, fingerprint, avro: avro.json };
        return [{ type, version, subject: of.subject, revision: text.version, writer }];
      }),
    ),
  );
}

/** The texts that values of `from` are recorded as: further revisions of its version, and all of later versions, under its own name and under the type's present one. */
export function targetsOf(from: CorpusText, corpus: readonly CorpusText[]): readonly CorpusText[] {
  const { type, subject, revision } = from;
  const since = from.version.version;
  const ownName = [type.type, ...type.aliases].find((name) => subjectOf(name, since) === subject) ?? type.type;
  return corpus.filter((to) => {
    const version = to.version.version;
    if (to.type !== type || version < since) return false;
    if (to.subject === subject) return to.revision > revision;
    return to.subject === subjectOf(ownName, version) || to.subject === subjectOf(type.type, version);
  });
}
