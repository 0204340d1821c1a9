import { isJsonList, isJsonObject, type JsonObject } from '../json-value.ts';
import { parseAvro } from '../avro/parse-avro.ts';
import { storedDefault } from '../avro/stored-default.ts';
import { array } from './array.ts';
import { invalid, pascalCase } from './avro-name.ts';
import { boolean } from './boolean.ts';
import { bytes } from './bytes.ts';
import { date, timestampMillis } from './calendar.ts';
import { decimal } from './decimal.ts';
import { enumOf } from './enum.ts';
import { kindOf, run, schemaOf } from './kind.ts';
import { map } from './map.ts';
import { nullable } from './nullable.ts';
import { double, int, long } from './number.ts';
import { recordKind } from './record.ts';
import type { AnySchema, Fields, Json } from './schema.ts';
import { personal, string } from './text.ts';
import { union } from './union.ts';
import { uuid } from './uuid.ts';
import { withDefault } from './with-default.ts';

/** A branch of a tagged union, before the union is made. */
interface Variant {
  readonly tag: string;
  readonly variant: string;
  readonly fields: Fields;
}
/** What a name stands for; `undefined` while its definition is being read. */
type Named = { readonly schema: AnySchema } | Variant | undefined;
interface Scope {
  readonly names: Map<string, Named>;
  /** From the root, for messages. */
  readonly path: string;
}

const PRIMITIVES: { readonly [name: string]: () => AnySchema } = { boolean, int, long, double, string, bytes };
const MAX_PATH = 2000;

/** The schema that the builders would make of an Avro schema. What it passes over, the caller finds by comparing the texts. */
export function schemaOfAvro(avro: Json): AnySchema {
  return schemaAt(avro, { names: new Map(), path: '' });
}

function schemaAt(avro: Json, scope: Scope): AnySchema {
  if (scope.path.length > MAX_PATH) throw refused(scope, 'is too deep to be read');
  if (typeof avro === 'string') return byName(avro, scope);
  if (isJsonList(avro)) return unionOf(avro, scope);
  if (!isJsonObject(avro)) throw refused(scope, 'is no type; a name, a list or an object is one');
  const kind: unknown = avro['type'];
  switch (kind) {
    case 'record':
      return recordOf(avro, scope);
    case 'enum':
      return enumeration(avro, scope);
    case 'array':
      return array(schemaAt(partOf(avro, 'items', scope), below(scope, '[]')));
    case 'map':
      return map(schemaAt(partOf(avro, 'values', scope), below(scope, '{}')));
    case 'fixed':
      throw refused(scope, 'is of the type fixed; use bytes, or a string');
    case 'error':
      throw refused(scope, "is an 'error'; write 'record'");
  }
  if (avro['logicalType'] !== undefined) return logical(avro, scope);
  if (avro['personal'] === true && avro['type'] === 'string')
    return personal(string(), { erasedAs: avro['erasedAs'] as string });
  const type = partOf(avro, 'type', scope);
  if (typeof type !== 'string') throw refused(scope, 'is a "type" around a type; leave the outer one out');
  return schemaAt(type, scope);
}

function byName(name: string, scope: Scope): AnySchema {
  const primitive = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
  if (primitive !== undefined) return primitive();
  if (name === 'float') throw refused(scope, 'is of the type float; use double, as which float can be read');
  if (name === 'null') throw refused(scope, "is null and nothing else; say ['null', …]");
  const named = namedAt(name, scope);
  if ('schema' in named) return named.schema;
  throw refused(scope, `names '${name}', a branch with a tag; it stands in unions only`);
}

function namedAt(name: string, scope: Scope): Exclude<Named, undefined> {
  const named = scope.names.get(name);
  if (named !== undefined) return named;
  if (scope.names.has(name)) throw refused(scope, `holds itself ('${name}'); give the inner one by id, or as a list`);
  throw refused(
    scope,
    name.includes('.')
      ? `names '${name}' with a namespace; leave the namespace out`
      : `names '${name}', which nothing before it defines; put the definition where the name first stands`,
  );
}

function logical(avro: JsonObject, scope: Scope): AnySchema {
  const { type, logicalType, precision, scale = 0 } = avro;
  switch ([type, logicalType].filter((word) => typeof word === 'string').join(' ')) {
    case 'string uuid':
      return uuid();
    case 'int date':
      return date();
    case 'long timestamp-millis':
      return timestampMillis();
    case 'bytes decimal':
      return decimal(precision as number, scale as number);
  }
  throw refused(
    scope,
    `has the logical type ${JSON.stringify(logicalType)} on ${JSON.stringify(type)}; known are uuid on string, date on int, timestamp-millis on long and decimal on bytes: leave "logicalType" out for the bare type`,
  );
}

function enumeration(avro: JsonObject, scope: Scope): AnySchema {
  const symbols = partOf(avro, 'symbols', scope);
  if (!isJsonList(symbols) || symbols.some((symbol) => typeof symbol !== 'string'))
    throw refused(scope, 'is an enum without a list of symbols');
  const name = define(avro, scope);
  const schema = within(scope, () => enumOf(name, symbols as readonly [string]));
  scope.names.set(name, { schema });
  return schema;
}

function recordOf(avro: JsonObject, scope: Scope): AnySchema {
  if (avro['tag'] !== undefined) throw refused(scope, 'has a "tag" outside a union; leave it out');
  const name = define(avro, scope);
  const fields = fieldsOf(avro, scope);
  const { namespace, subject } = avro;
  const attributes = {
    ...(scope.path === '' && namespace !== undefined && { namespace }),
    ...(scope.path === '' && subject !== undefined && { subject }),
  };
  const schema = within(scope, (): AnySchema => schemaOf(recordKind(name, fields, { attributes })));
  scope.names.set(name, { schema });
  return schema;
}

/** Takes the name before its parts are read, so that a part that names it is known to go round in a circle. */
function define(avro: JsonObject, scope: Scope): string {
  const name = partOf(avro, 'name', scope);
  if (typeof name !== 'string') throw refused(scope, 'has a name that is no text');
  if (scope.names.has(name)) throw refused(scope, `defines '${name}' a second time; write the name alone`);
  if (name.includes('.')) throw refused(scope, `has a namespace in its name, '${name}'; give it as "namespace"`);
  scope.names.set(name, undefined);
  return name;
}

function fieldsOf(avro: JsonObject, scope: Scope): Fields {
  const fields = partOf(avro, 'fields', scope);
  if (!isJsonList(fields)) throw refused(scope, 'has no list of fields');
  const made = new Map<string, AnySchema>();
  for (const field of fields) {
    const name = isJsonObject(field) ? field['name'] : undefined;
    if (!isJsonObject(field) || typeof name !== 'string') throw refused(scope, 'has a field without a name');
    if (made.has(name)) throw refused(scope, `has the field '${name}' twice`);
    made.set(name, fieldOf(field, below(scope, scope.path === '' ? name : `.${name}`)));
  }
  // Not Object.fromEntries of what may be called __proto__: the record's check wants to see it.
  return Object.fromEntries(made);
}

function fieldOf(field: JsonObject, scope: Scope): AnySchema {
  const schema = schemaAt(partOf(field, 'type', scope), scope);
  const given = field['default'];
  const { avro, read, absent } = kindOf(schema);
  if (given === undefined || (given === null && absent === null)) return schema;
  const stored = within(scope, () => storedDefault(parseAvro(avro(new Map())), given));
  const memory = stored === undefined ? undefined : run(read, stored, false);
  if (memory === undefined || 'issues' in memory) throw refused(scope, 'has a default that is none of its type');
  return within(scope, () => withDefault(schema, memory.value));
}

/** With `null`, nullable; of records with tags, tagged; both at once. Avro has more, which no type in memory tells apart. */
function unionOf(avro: readonly Json[], scope: Scope): AnySchema {
  const branches = avro.filter((branch) => branch !== 'null');
  const [only] = branches;
  if (only === undefined) throw refused(scope, 'is a union without a type');
  const variants = branches.map((branch) => variantOf(branch, scope));
  const [first] = variants;
  const isTagged = variants.every((variant) => variant !== undefined) && first !== undefined;
  if (!isTagged && branches.length > 1)
    throw refused(
      scope,
      `is a union of ${branches.length} types; of records, each with the attribute "tag": { "kind": "card" } and the name KindCard, it can be said, of others not`,
    );
  const some = isTagged ? taggedUnion(first.tag, variants, scope) : schemaAt(only, scope);
  return branches.length < avro.length ? nullable(some) : some;
}

function variantOf(branch: Json, scope: Scope): Variant | undefined {
  if (typeof branch === 'string') {
    const named = scope.names.get(branch);
    return named !== undefined && 'variant' in named ? named : undefined;
  }
  if (!isJsonObject(branch) || branch['type'] !== 'record' || !isJsonObject(branch['tag'] ?? null)) return undefined;
  const [[tag, variant] = [], ...more] = Object.entries(branch['tag'] ?? {});
  if (tag === undefined || typeof variant !== 'string' || more.length > 0)
    throw refused(scope, 'has a "tag" that is not of the form { "kind": "card" }');
  const name = define(branch, scope);
  const wanted = pascalCase(tag) + pascalCase(variant);
  if (name !== wanted)
    throw refused(scope, `has the branch '${name}' with the tag ${tag}: ${variant}; call it ${wanted}`);
  const made = { tag, variant, fields: fieldsOf(branch, below(scope, `.${name}`)) };
  scope.names.set(name, made);
  return made;
}

function taggedUnion(tag: string, variants: readonly Variant[], scope: Scope): AnySchema {
  const other = variants.find((variant) => variant.tag !== tag);
  if (other !== undefined) throw refused(scope, `has the tags '${tag}' and '${other.tag}'; a union has one`);
  return within(scope, () => union(tag, Object.fromEntries(variants.map(({ variant, fields }) => [variant, fields]))));
}

function partOf(avro: JsonObject, part: string, scope: Scope): Json {
  const found = Object.hasOwn(avro, part) ? avro[part] : undefined;
  if (found === undefined) throw refused(scope, `has no "${part}"`);
  return found;
}

/** What a builder refuses, with the place. */
function within<T>(scope: Scope, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw refused(scope, `is refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}
const below = ({ names, path }: Scope, step: string): Scope => ({ names, path: path + step });
const refused = ({ path }: Scope, why: string) => invalid(`t.avsc: ${path === '' ? 'the root' : path} ${why}`);
