import type { t } from '@leftfold/core';

/** Attributes under which types stand. A default or an attribute of somebody's own may look like one. */
const PARTS = new Set(['type', 'items', 'values', 'fields']);

/** An Avro text whose enums read no symbol but their own. */
export function withoutEnumDefaults(avro: t.Json): t.Json {
  if (Array.isArray(avro)) return avro.map(withoutEnumDefaults);
  if (typeof avro !== 'object' || avro === null) return avro;
  const isEnum = 'type' in avro && avro['type'] === 'enum';
  const members = Object.entries(avro).filter(([name]) => !(isEnum && name === 'default'));
  return Object.fromEntries(members.map(([name, part]) => [name, PARTS.has(name) ? withoutEnumDefaults(part) : part]));
}
