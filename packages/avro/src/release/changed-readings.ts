import { isDeepStrictEqual } from 'node:util';
import { resolveAvro, type t } from '@leftfold/core';
import type { RegisteredSchema } from '../registry/schema-registry.ts';
import { comparableValues } from './comparable-values.ts';
import { withoutEnumDefaults } from './enum-defaults.ts';
import { firstDifference } from './first-difference.ts';
import { sampleValues } from './golden/sample-values.ts';
import { avroOf } from '../registry/checked-avro.ts';

/** Values of one released text that a later one read otherwise than a further one would. */
export interface ChangedReading {
  readonly written: RegisteredSchema;
  readonly read: RegisteredSchema;
  /** Path of the field that would change. */
  readonly field: string;
  /** Symbols that would be lost, where that is the reason. */
  readonly symbols?: string;
}

/**
 * Where a further text would give old events another meaning than a released one gave them, though it can read them: a default that is changed after events without the
 * field were read with it, an enum's default likewise; a symbol that is taken away, as which its events were read and which would turn into the default. No registry looks for
 * this. Whoever has folded those events would fold them otherwise now.
 * @param released the subject's texts, oldest first
 */
export function changedReadings(further: t.Json, released: readonly RegisteredSchema[]): readonly ChangedReading[] {
  const texts = released.flatMap((text) => {
    const avro = avroOf(text);
    return 'why' in avro ? [] : [{ text, json: avro.json }];
  });
  const found = new Map<string, ChangedReading>();
  const latest = texts.at(-1);
  if (latest !== undefined) {
    // Without its default an enum must have every symbol that may have been written.
    const { findings } = resolveAvro(latest.json, withoutEnumDefaults(further));
    for (const { path: field, rule, message: symbols } of findings)
      if (rule === 'enum-symbol')
        found.set(field, {
          written: latest.text,
          read: latest.text,
          field,
          symbols: symbols.replace(/, and has no .*/, ''),
        });
  }
  for (const [i, written] of texts.entries()) {
    const now = resolveAvro(written.json, further);
    for (const read of texts.slice(i + 1)) {
      const then = resolveAvro(written.json, read.json);
      const compared = comparableValues(read.json, further);
      if (compared === undefined || now.findings.length > 0 || then.findings.length > 0) continue;
      for (const json of sampleValues(written.json).flatMap(({ candidates }) => candidates)) {
        const before = compared.ofReleased(then.convert(json));
        const after = compared.ofToday(now.convert(json));
        if (isDeepStrictEqual(before, after)) continue;
        const field = firstDifference(before, after);
        found.set(field, { written: written.text, read: read.text, field });
      }
    }
  }
  return [...found.values()];
}
