import type { Json } from './schema.ts';

/** The full names of the records, enums and fixed types that an Avro text defines, in its order: of an event its own comes first. */
export function namesOf(avro: Json, namespace = ''): readonly string[] {
  if (typeof avro !== 'object' || avro === null) return [];
  if (Array.isArray(avro)) return avro.flatMap((branch: Json) => namesOf(branch, namespace));
  const { type, name, namespace: said, items, values, fields } = avro as { readonly [attribute: string]: Json };
  if (typeof name !== 'string') return [type, items, values].flatMap((part) => namesOf(part ?? null, namespace));
  const within = typeof said === 'string' ? said : namespace;
  const parts = Array.isArray(fields) ? (fields as readonly { readonly type: Json }[]) : [];
  return [within === '' ? name : `${within}.${name}`, ...parts.flatMap((field) => namesOf(field.type, within))];
}
