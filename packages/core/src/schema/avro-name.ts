import { DefinitionError } from '../errors.ts';
import type { Json } from './schema.ts';

/** Named Avro types met so far in one schema text: name → what stands for it from then on, which is the name. */
export type Names = Map<string, string>;

/** Avro specification 1.12, "Names". */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const TAKEN = new Set(
  'null boolean int long float double bytes string record enum array map fixed union error request'.split(' '),
);

export const invalid = (message: string): DefinitionError => new DefinitionError('LF_SCHEMA_INVALID', message);

/** Refuses what Avro cannot take as the name of a `what`, with a name it can. */
export function checkAvroName(name: string, what: string): void {
  if (typeof name === 'string' && NAME.test(name) && !isObjectMember(name)) return;
  const remedy = String(name)
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(?=[0-9])/, '_');
  throw invalid(
    NAME.test(name)
      ? `'${name}' cannot be the name of ${what}: every JavaScript object has a member of this name`
      : `'${name}' cannot be the name of ${what}: Avro takes letters, digits and _, no digit first; for example '${remedy}'`,
  );
}
/** Besides the danger of `__proto__`: `json.toString` would be found where the field is absent. */
const isObjectMember = (name: string): boolean => name in {} || name === 'prototype';

/** Refuses an invalid name of a record or enum. */
export function checkTypeName(name: string, what: string): void {
  checkAvroName(name, what);
  if (TAKEN.has(name)) throw invalid(`'${name}' cannot be the name of ${what}: it is a type of Avro's own`);
}

/** A named type where it stands: its definition the first time, its name alone afterwards. One name is one shape: {@link refuseTwoShapes} comes first. */
export function named(name: string, definition: (names?: Names) => Json, names: Names | undefined): Json {
  const known = names?.get(name);
  if (known !== undefined) return known;
  names?.set(name, name);
  return definition(names);
}

/** What may be a named type or have one in it. */
interface AvroPart {
  readonly name?: string;
  readonly namespace?: string;
  readonly items?: Json;
  readonly values?: Json;
  readonly fields?: readonly { readonly name: string; readonly type: Json }[];
  readonly tag?: { readonly [tag: string]: string };
}

/**
 * Refuses a name that stands for two shapes, with the paths of both, as `total` and `lines[].price`. `avro` has all definitions in place.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID`
 */
export function refuseTwoShapes(avro: Json): void {
  const { name, namespace } = (avro ?? {}) as AvroPart;
  // An event has a namespace, and is said by who defines it.
  const top = name === undefined || namespace !== undefined ? '' : `record ${name}: `;
  const known = new Map<string, { readonly shape: string; readonly path: string }>();
  const visit = (part: Json, path: string, around: readonly string[]): void => {
    if (typeof part !== 'object' || part === null) return;
    if (Array.isArray(part)) {
      for (const branch of part as readonly Json[]) visit(branch, path + variantOf(branch), around);
      return;
    }
    const { name: own, items = null, values = null, fields = [] } = part as AvroPart;
    if (own !== undefined) {
      const shape = JSON.stringify(part);
      const first = known.get(own);
      // Whatever stands in it was visited where it stood first.
      if (first?.shape === shape) return;
      if (around.includes(own)) throw invalid(`${top}'${own}' holds a '${own}' at ${place(path)}; ${NO_RECURSION}`);
      if (first !== undefined)
        throw invalid(
          `${top}the name '${own}' stands for two different shapes, at ${place(first.path)} and at ${place(path)}; give one of them another name`,
        );
      known.set(own, { shape, path });
    }
    visit(items, `${path}[]`, around);
    visit(values, `${path}{}`, around);
    const within = own === undefined ? around : [...around, own];
    for (const field of fields) visit(field.type, path === '' ? field.name : `${path}.${field.name}`, within);
  };
  visit(avro, '', []);
}
/** Why a record is refused that holds one of its own name: t has no way to say a record that holds itself. */
export const NO_RECURSION =
  'a record of t cannot hold itself: say a tree as a list of ids, as a flat list, or as an event for each node. If this is something else, give it another name';
const place = (path: string): string => (path === '' ? 'the top' : `\`${path}\``);
/** The fields of a variant have paths as `method(card).number`. */
const variantOf = (branch: Json): string =>
  Object.values((branch as AvroPart | null)?.tag ?? {})
    .map((variant) => `(${variant})`)
    .join('');

/** `payment-added` → `PaymentAdded`. Different words give different names: a hyphen that no letter follows becomes `_`. */
export const pascalCase = (words: string): string =>
  words
    .replace(/^[a-z]/, (first) => first.toUpperCase())
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replaceAll('-', '_');
