import { isJsonList, isJsonObject, type JsonObject, type Json } from '@leftfold/core';

const PRIMITIVES: ReadonlySet<Json> = new Set('null boolean int long float double bytes string'.split(' '));
const NAMED: ReadonlySet<Json> = new Set(['record', 'error', 'enum', 'fixed']);

/**
 * What an Avro text says, as one spelling of it: two texts say the same exactly if this is equal. Whitespace, the order of attributes, `{"type":"string"}` for
 * `"string"` and a namespace of its own beside a name do not matter, because registries rewrite them. Everything else does: docs, aliases, defaults, order of
 * fields, attributes that Avro does not know. Stricter than Avro's parsing canonical form, which drops all of these (hazard A4), and total for any JSON.
 */
export function spelling(avro: Json): string {
  return JSON.stringify(spelled(avro, ''));
}

/** {@link spelling} of a text; `undefined` when it is no JSON. */
export function spellingOf(text: string): string | undefined {
  try {
    return spelling(JSON.parse(text) as Json);
  } catch {
    // No JSON, or nested beyond the stack.
    return undefined;
  }
}

function spelled(type: Json, namespace: string): Json {
  if (typeof type === 'string') return fullName(type, namespace);
  if (isJsonList(type)) return type.map((branch) => spelled(branch, namespace));
  if (!isJsonObject(type)) return type;
  const kind = type['type'] ?? null;
  // As a field's type may be written: an object around a type and nothing else.
  if (Object.keys(type).length === 1 && !NAMED.has(kind) && kind !== null) return spelled(kind, namespace);
  return NAMED.has(kind) ? named(type, namespace) : sorted(type, (part, name) => parts(part, name, namespace));
}

function parts(part: Json, attribute: string, namespace: string): Json {
  return attribute === 'type' || attribute === 'items' || attribute === 'values'
    ? spelled(part, namespace)
    : ordered(part);
}

function named(type: JsonObject, outer: string): Json {
  const { name, namespace: own, ...rest } = type;
  const said = typeof own === 'string' ? own : outer;
  const full = typeof name === 'string' ? fullName(name, said) : (name ?? null);
  const namespace = typeof full === 'string' && full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : '';
  return sorted({ ...rest, name: full }, (part, attribute) => {
    if (attribute === 'fields' && isJsonList(part)) return part.map((field) => fieldOf(field, namespace));
    if (attribute === 'aliases' && isJsonList(part))
      return part.map((alias) => (typeof alias === 'string' ? fullName(alias, namespace) : ordered(alias)));
    return ordered(part);
  });
}

function fieldOf(field: Json, namespace: string): Json {
  if (!isJsonObject(field)) return field;
  return sorted(field, (part, attribute) => (attribute === 'type' ? spelled(part, namespace) : ordered(part)));
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' || PRIMITIVES.has(name) ? name : `${namespace}.${name}`;
}

/** Values that are no types: names in them stay as they are. */
function ordered(json: Json): Json {
  if (isJsonList(json)) return json.map(ordered);
  return isJsonObject(json) ? sorted(json, ordered) : json;
}

/** Keys in one order, held as pairs: as an object `__proto__` would be lost, and numbers would come first. */
function sorted(object: JsonObject, of: (part: Json, attribute: string) => Json): Json {
  const names = Object.keys(object).toSorted();
  return { '{}': names.map((name): Json => [name, of(object[name] ?? null, name)]) };
}
