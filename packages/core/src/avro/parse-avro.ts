import { isJsonList, isJsonObject, type JsonObject } from '../json-value.ts';
import { DefinitionError } from '../errors.ts';
import type { Json } from '../schema/schema.ts';
import type { AvroField, AvroLogical, AvroPrimitiveName, AvroRecord, AvroType } from './avro-type.ts';
import { storedDefault } from './stored-default.ts';

/** Levels of JSON: far above any schema that people write, far below the stack. */
const MAX_DEPTH = 600;
const PRIMITIVES: ReadonlySet<unknown> = new Set('null boolean int long float double bytes string'.split(' '));
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What is known while a text is parsed. */
interface Scope {
  readonly names: Map<string, AvroType>;
  readonly namespace: string;
  /** From the root, for messages. */
  readonly path: string;
  /** Defaults are looked at when all names are known: one may be of a record that is not yet complete. */
  readonly later: (() => void)[];
}

/**
 * The typed tree of an Avro schema as JSON, ours or anybody's: names resolved within their namespaces, defaults in stored JSON form. Attributes that Avro does not
 * know are passed over, but the `tag` of a variant. Linear in the text; recursive records are fine.
 * Source: Avro specification 1.12, "Schema Declaration".
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` with the place, when this is no Avro schema
 */
export function parseAvro(avro: Json): AvroType {
  const parsed = typeOrWhyNot(avro);
  if (typeof parsed !== 'string') return parsed;
  throw new DefinitionError('LF_SCHEMA_INVALID', `${parsed}; ${COMPARE}`);
}
/** What to do about a text that is no Avro schema. */
export const COMPARE = 'compare it with the text that was released';

/** The same, or why this is no Avro schema. */
export function typeOrWhyNot(avro: Json): AvroType | string {
  const root: Scope = { names: new Map(), namespace: '', path: '', later: [] };
  try {
    refuseDeep(avro, root);
    const type = typeOf(avro, root);
    for (const check of root.later) check();
    return type;
  } catch (error) {
    if (error instanceof NoAvro) return error.message;
    throw error;
  }
}

/** Level by level: what looks for depth must not need a stack. Attributes that nobody reads count, too: they are written and compared. */
function refuseDeep(avro: Json, root: Scope): void {
  let level: readonly Json[] = [avro];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw invalid(root, `is more than ${MAX_DEPTH} levels deep`);
    level = level.flatMap((part) => (typeof part === 'object' && part !== null ? Object.values<Json>(part) : []));
  }
}

function typeOf(avro: Json, scope: Scope): AvroType {
  if (typeof avro === 'string') return byName(avro, scope);
  if (isJsonList(avro)) return union(avro, scope);
  if (!isJsonObject(avro)) throw invalid(scope, 'is no type: a name, a list or an object is one');
  const { type } = avro;
  switch (typeof type === 'string' ? type : '') {
    case 'array':
      return { kind: 'array', items: typeOf(partOf(avro, 'items', scope), below(scope, '[]')) };
    case 'map':
      return { kind: 'map', values: typeOf(partOf(avro, 'values', scope), below(scope, '{}')) };
    case 'record':
    case 'error':
      return record(avro, scope);
    case 'enum':
      return enumeration(avro, scope);
    case 'fixed':
      return fixed(avro, scope);
  }
  // `{ "type": { … } }` says no more than what is in it, and so does `{ "type": "Money" }`.
  if (typeof type !== 'string' || !PRIMITIVES.has(type)) return typeOf(partOf(avro, 'type', scope), scope);
  return withLogical({ kind: type as AvroPrimitiveName }, avro);
}

function byName(name: string, { names, namespace, ...scope }: Scope): AvroType {
  if (PRIMITIVES.has(name)) return { kind: name as AvroPrimitiveName };
  const found = (name.includes('.') ? undefined : names.get(qualified(name, namespace))) ?? names.get(name);
  if (found === undefined) throw invalid(scope, `names the type '${name}', which nothing before it defines`);
  return found;
}

function union(avro: readonly Json[], scope: Scope): AvroType {
  const branches = avro.map((branch) => typeOf(branch, scope));
  const seen = new Set<string>();
  for (const branch of branches) {
    if (branch.kind === 'union') throw invalid(scope, 'is a union directly inside a union');
    const key = 'name' in branch ? branch.name : branch.kind;
    if (seen.has(key)) throw invalid(scope, `has the branch ${key} twice`);
    seen.add(key);
  }
  if (branches.length === 0) throw invalid(scope, 'is a union without branches');
  return { kind: 'union', branches };
}

function record(avro: JsonObject, scope: Scope): AvroType {
  const { name, namespace } = nameOf(avro, scope);
  const fields: AvroField[] = [];
  const tag = tagOf(avro);
  const made: AvroRecord = { kind: 'record', name, aliases: aliasesOf(avro, namespace), fields, ...(tag && { tag }) };
  define(made, name, scope);
  const given = avro['fields'];
  if (given === undefined || !isJsonList(given)) throw invalid(scope, `is the record ${name} without a list of fields`);
  const seen = new Set<string>();
  for (const field of given) {
    if (!isJsonObject(field) || typeof field['name'] !== 'string' || !NAME.test(field['name']))
      throw invalid(scope, `is the record ${name} with a field that has no valid name`);
    const within = below({ ...scope, namespace }, scope.path === '' ? field['name'] : `.${field['name']}`);
    if (seen.has(field['name'])) throw invalid(within, `is twice a field of ${name}`);
    seen.add(field['name']);
    fields.push(fieldOf(field['name'], field, within));
  }
  return made;
}

function fieldOf(name: string, field: JsonObject, scope: Scope): AvroField {
  const aliases = textsOf(field['aliases']).filter((alias) => alias !== name);
  const made: Mutable<AvroField> = { name, aliases, type: typeOf(partOf(field, 'type', scope), scope) };
  const given = field['default'];
  if (given !== undefined)
    scope.later.push(() => {
      const absent = storedDefault(made.type, given);
      if (absent === undefined) throw invalid(scope, 'has a default that is none of its type');
      made.absent = absent;
    });
  return made;
}

function enumeration(avro: JsonObject, scope: Scope): AvroType {
  const { name, namespace } = nameOf(avro, scope);
  const symbols = textsOf(avro['symbols']);
  if (symbols.length === 0 || symbols.length !== (avro['symbols'] as readonly Json[]).length)
    throw invalid(scope, `is the enum ${name} without a list of symbols`);
  if (new Set(symbols).size < symbols.length) throw invalid(scope, `is the enum ${name} with a symbol twice`);
  const absent = avro['default'];
  if (absent !== undefined && !(typeof absent === 'string' && symbols.includes(absent)))
    throw invalid(scope, `is the enum ${name} with a default that is none of its symbols`);
  const aliases = aliasesOf(avro, namespace);
  return define({ kind: 'enum', name, aliases, symbols, ...(absent !== undefined && { absent }) }, name, scope);
}

function fixed(avro: JsonObject, scope: Scope): AvroType {
  const { name, namespace } = nameOf(avro, scope);
  const size = avro['size'];
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
    throw invalid(scope, `is the fixed type ${name} without a size`);
  return define(withLogical({ kind: 'fixed', name, aliases: aliasesOf(avro, namespace), size }, avro), name, scope);
}

function define(type: AvroType, name: string, scope: Scope): AvroType {
  if (scope.names.has(name)) throw invalid(scope, `defines the name '${name}' a second time`);
  scope.names.set(name, type);
  return type;
}

function nameOf(avro: JsonObject, scope: Scope): { readonly name: string; readonly namespace: string } {
  const { name, namespace: said } = avro;
  if (typeof name !== 'string' || !FULL_NAME.test(name)) throw invalid(scope, `has no valid name`);
  const end = name.lastIndexOf('.');
  if (end !== -1) return { name, namespace: name.slice(0, end) };
  const namespace = typeof said === 'string' ? said : scope.namespace;
  if (namespace !== '' && !FULL_NAME.test(namespace)) throw invalid(scope, `has the invalid namespace '${namespace}'`);
  return { name: qualified(name, namespace), namespace };
}
const qualified = (name: string, namespace: string): string => (namespace === '' ? name : `${namespace}.${name}`);

const aliasesOf = (avro: JsonObject, namespace: string): readonly string[] =>
  textsOf(avro['aliases']).map((alias) => (alias.includes('.') ? alias : qualified(alias, namespace)));

/** A logical type that does not fit its base type is none, as Avro's specification says. */
function withLogical<T extends AvroType>(type: T, { logicalType, precision, scale = 0 }: JsonObject): T {
  const logical = ((): AvroLogical | undefined => {
    switch (typeof logicalType === 'string' ? logicalType : '') {
      case 'uuid':
        return type.kind === 'string' ? { name: 'uuid' } : undefined;
      case 'date':
        return type.kind === 'int' ? { name: 'date' } : undefined;
      case 'timestamp-millis':
        return type.kind === 'long' ? { name: 'timestamp-millis' } : undefined;
      case 'decimal': {
        const isWhole = Number.isInteger(precision) && Number.isInteger(scale);
        const isValid = isWhole && Number(precision) > 0 && Number(scale) >= 0 && Number(scale) <= Number(precision);
        if (!isValid || (type.kind !== 'bytes' && type.kind !== 'fixed')) return undefined;
        return { name: 'decimal', precision: Number(precision), scale: Number(scale) };
      }
    }
    return undefined;
  })();
  return logical === undefined ? type : { ...type, logical };
}

function tagOf({ tag }: JsonObject): AvroRecord['tag'] {
  if (tag === undefined || !isJsonObject(tag)) return undefined;
  const [[field, variant] = [], ...others] = Object.entries(tag);
  return field !== undefined && typeof variant === 'string' && others.length === 0 ? { field, variant } : undefined;
}

function partOf(avro: JsonObject, part: string, scope: Scope): Json {
  const found = Object.hasOwn(avro, part) ? avro[part] : undefined;
  if (found === undefined) throw invalid(scope, `has no '${part}'`);
  return found;
}

const textsOf = (list: Json | undefined): readonly string[] =>
  list !== undefined && isJsonList(list) ? list.filter((item) => typeof item === 'string') : [];

const below = (scope: Scope, step: string): Scope => ({ ...scope, path: scope.path + step });

/** Ends the parsing; nobody else sees it. */
class NoAvro extends Error {}
const invalid = ({ path }: Pick<Scope, 'path'>, why: string): NoAvro =>
  new NoAvro(`this is no Avro schema: ${path === '' ? 'its root' : path} ${why}`);
