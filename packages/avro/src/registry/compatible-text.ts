import { resolveAvro, type AvroMismatch, type Json } from '@leftfold/core';
import { compatibilityRule } from '../release/compatibility-rule.ts';
import type { Compatibility, RegisteredSchema } from './schema-registry.ts';

/** What forbids a further text beside the earlier ones; empty when it may be registered. Each finding names the earlier version it concerns. */
export function textFindings(
  mode: Compatibility,
  earlier: readonly RegisteredSchema[],
  avro: Json,
): readonly { readonly version: number; readonly finding: AvroMismatch }[] {
  const { reads, isRead, transitive } = compatibilityRule(mode);
  return (transitive ? earlier : earlier.slice(-1)).flatMap(({ version, avro: text }) => {
    const old = JSON.parse(text) as Json;
    const findings = [
      ...(reads ? resolveAvro(old, avro).findings : []),
      ...(isRead ? resolveAvro(avro, old).findings : []),
    ];
    return findings.map((finding) => ({ version, finding }));
  });
}
