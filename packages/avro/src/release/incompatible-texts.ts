import { LeftfoldError, parseAvro, resolveAvro, type AvroMismatch, type t } from '@leftfold/core';
import type { Compatibility, RegisteredSchema } from '../registry/schema-registry.ts';
import { compatibilityRule } from './compatibility-rule.ts';
import type { ReleaseFinding } from './release-finding.ts';
import type { ReleasedVersion } from './released-versions.ts';

/** Why a further text is not allowed beside an earlier one. */
export interface Incompatibility {
  readonly earlier: RegisteredSchema;
  /** `further`: the further text cannot read what the earlier one wrote; `earlier`: the earlier one cannot read what the further one would write. */
  readonly reader: 'further' | 'earlier';
  readonly mismatch: AvroMismatch;
  readonly mode: Compatibility;
}

/**
 * What a subject's rule forbids about a further text, by Avro's schema resolution as the decoding has it (`resolveAvro`). A reason that several earlier texts give is told
 * of the latest of them.
 * @param earlier the subject's texts, oldest first, without the further one
 * @param latest what stands last in the subject: for rules that look at the latest only
 */
export function incompatibilities(
  further: t.Json,
  earlier: readonly RegisteredSchema[],
  mode: Compatibility,
  latest: RegisteredSchema | undefined = earlier.at(-1),
): readonly Incompatibility[] {
  const rule = compatibilityRule(mode);
  const compared = rule.transitive ? earlier : earlier.filter((one) => one === latest);
  const found = new Map<string, Incompatibility>();
  const note = (
    reader: Incompatibility['reader'],
    one: RegisteredSchema,
    mismatches: readonly AvroMismatch[],
  ): void => {
    for (const mismatch of mismatches)
      found.set(JSON.stringify([reader, mismatch.path, mismatch.rule]), { earlier: one, reader, mismatch, mode });
  };
  for (const one of compared) {
    const text = avroOf(one);
    // What is no Avro is told once, not as unreadable to and from.
    if ('why' in text) continue;
    if (rule.reads) note('further', one, resolveAvro(text.json, further).findings);
    if (rule.isRead) note('earlier', one, resolveAvro(further, text.json).findings);
  }
  return [...found.values()];
}

/** A registered text as JSON, or why it is no Avro schema: a shared registry may hold anything. */
export function avroOf({ avro }: Pick<RegisteredSchema, 'avro'>): { readonly json: t.Json } | { readonly why: string } {
  try {
    const json = JSON.parse(avro) as t.Json;
    parseAvro(json);
    return { json };
  } catch (error) {
    return { why: error instanceof LeftfoldError ? error.message : 'it is no JSON' };
  }
}

/** An incompatibility as the gate tells it. */
export function incompatible(
  { type, version }: Pick<ReleasedVersion, 'type' | 'version'>,
  subject: string,
  { earlier, reader, mismatch, mode }: Incompatibility,
): ReleaseFinding {
  const revision = `revision ${earlier.version}`;
  const whose = reader === 'further' ? `cannot read what ${revision} wrote` : `writes what ${revision} could not read`;
  return {
    kind: 'incompatible',
    event: type.type,
    version: version.version,
    subject,
    revision: earlier.version,
    ...(mismatch.path !== '' && { field: mismatch.path }),
    rule: mismatch.rule,
    message: `the definition ${whose} (${mode}): ${mismatch.message}`,
    remedy: mismatch.remedy,
  };
}
