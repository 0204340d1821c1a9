import { parseAvro, t, typeText, unqualified, type AvroType } from '@leftfold/core';
import { allowedValues } from './allowed-values.ts';
import { personalPlaces } from './personal-fields.ts';

/** One line about a payload: a field, or a field of something in it. */
export interface PayloadField {
  /** As {@link PersonalPlace} has it: `shipTo.street`, `lines[].sku`, `paidBy(card).holder`. */
  readonly path: string;
  /** In words: `long`, `decimal(9, 4)`, `list of Line`, `Money or null`. */
  readonly type: string;
  /** What its constraints allow, in words; they hold for what is written, not for what is read. */
  readonly allowed?: string;
  /** What a reader takes for data that was written before the field was there, in stored JSON form. */
  readonly absent?: t.Json;
  /** Personal data stands here; what is read of an erased subject. */
  readonly erasedAs?: string;
}

/** The fields of an event's payload in wire order, each followed by what is in it. */
export function payloadFields(schema: t.AnySchema): readonly PayloadField[] {
  const erased = new Map(personalPlaces(schema.avro).map(({ field, erasedAs }) => [field, erasedAs]));
  const constraints = allowedValues(t.jsonSchema(schema));
  const found: PayloadField[] = [];
  const line = (path: string, type: AvroType, absent: t.Json | undefined): void => {
    const { suffix, leaf } = leafOf(type);
    const erasedAs = erased.get(path + suffix);
    const allowed = saysItself(leaf) ? undefined : constraints.get(path + suffix);
    found.push({
      path,
      type: typeWords(type),
      ...(allowed !== undefined && { allowed }),
      ...(absent !== undefined && { absent }),
      ...(erasedAs !== undefined && { erasedAs }),
    });
    inside(type, path);
  };
  const inside = (type: AvroType, path: string): void => {
    if (type.kind === 'array') inside(type.items, `${path}[]`);
    if (type.kind === 'map') inside(type.values, `${path}{}`);
    if (type.kind === 'union')
      for (const branch of type.branches) inside(branch, path + (variantOf(branch) && `(${variantOf(branch)})`));
    if (type.kind === 'record')
      for (const { name, type: of, absent } of type.fields) line(path === '' ? name : `${path}.${name}`, of, absent);
  };
  inside(parseAvro(schema.avro), '');
  return found;
}

/** What a field's type comes down to without lists, maps and null, and how its path goes on until there. */
function leafOf(type: AvroType): { readonly suffix: string; readonly leaf: AvroType } {
  const into = (step: string, part: AvroType): ReturnType<typeof leafOf> => {
    const { suffix, leaf } = leafOf(part);
    return { suffix: step + suffix, leaf };
  };
  if (type.kind === 'array') return into('[]', type.items);
  if (type.kind === 'map') return into('{}', type.values);
  const some = type.kind === 'union' ? type.branches.filter(({ kind }) => kind !== 'null') : [];
  return some.length === 1 && some[0] !== undefined ? into('', some[0]) : { suffix: '', leaf: type };
}

/** JSON Schema describes a decimal or a day by a pattern; the type's name has said it. */
const saysItself = (type: AvroType): boolean => 'logical' in type && type.logical !== undefined;

/** A type as people call it. */
function typeWords(type: AvroType): string {
  if (type.kind === 'array') return `list of ${typeWords(type.items)}`;
  if (type.kind === 'map') return `map of ${typeWords(type.values)}`;
  if (type.kind === 'enum') return `${unqualified(type.name)}: ${type.symbols.join(', ')}`;
  if (type.kind === 'record') return type.tag ? `${type.tag.field} = ${type.tag.variant}` : unqualified(type.name);
  if (type.kind !== 'union') return typeText(type);
  const nullLast = type.branches.toSorted((a, b) => Number(a.kind === 'null') - Number(b.kind === 'null'));
  return nullLast.map(typeWords).join(' or ');
}

const variantOf = (type: AvroType): string => (type.kind === 'record' ? (type.tag?.variant ?? '') : '');
