import { resolveAvro, type AvroMismatch, type Json } from '@leftfold/core';
import { avroOf } from './checked-avro.ts';
import { compatibilityRule } from './compatibility-rule.ts';
import { RELEASED_READER_REMEDY } from './released-reader-remedy.ts';
import type { Compatibility, RegisteredSchema } from './schema-registry.ts';

/** Why a further text is not allowed beside an earlier one. */
export interface Incompatibility {
  readonly earlier: RegisteredSchema;
  /** `further`: the further text cannot read what the earlier one wrote; `earlier`: the earlier one cannot read what the further one would write. */
  readonly reader: 'further' | 'earlier';
  /** Its remedy is one that the further text can follow. */
  readonly mismatch: AvroMismatch;
  readonly mode: Compatibility;
}

/**
 * What a subject's rule forbids about a further text, by Avro's schema resolution as the decoding has it (`resolveAvro`). The one implementation: what the gate says, a
 * folder does. A reason that several earlier texts give is told of the latest of them; an earlier text that is no Avro gives none.
 * @param earlier the subject's texts, oldest first, without the further one
 * @param latest what stands last in the subject: for rules that look at the latest only
 */
export function incompatibilities(
  further: Json,
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
    if ('why' in text) continue;
    if (rule.reads) note('further', one, resolveAvro(text.json, further).findings);
    if (rule.isRead) note('earlier', one, resolveAvro(further, text.json).findings.map(forReleasedReader));
  }
  return [...found.values()];
}

/** Resolution speaks to the one who writes the reader, which nobody may change here. */
function forReleasedReader(mismatch: AvroMismatch): AvroMismatch {
  return { ...mismatch, remedy: RELEASED_READER_REMEDY[mismatch.rule] };
}
