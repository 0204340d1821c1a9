import { avroDefault } from './avro-default.ts';
import { checkAvroName, checkTypeName, invalid, named, NO_RECURSION, type Names } from './avro-name.ts';
import { fault, isFull, kindOf, member, schemaOf, type Kind, type Visit } from './kind.ts';
import { describe } from './leaf.ts';
import { isPlainObject } from './plain-object.ts';
import type { AnySchema, Fields, InputPayload, Json, JsonPayload, MarksOf, Payload, Schema } from './schema.ts';

/**
 * Avro `record`. The name is the Avro name, unique inside the event. Undeclared fields are refused at the edge and at append, and ignored on reading.
 * It cannot hold itself; `fields` are read once. What a builder among them refuses is refused before this is called: the stack trace says where it stands.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when a name is no Avro name, a field is no schema, or one name stands for two shapes
 */
export function record<F extends Fields>(
  name: string,
  fields: F,
): Schema<Payload<F>, MarksOf<F>, JsonPayload<F>, InputPayload<F>> {
  return schemaOf(recordKind(name, fields));
}

/** One field at run time. */
interface Member {
  readonly name: string;
  readonly kind: Kind;
}
/** What an event or a variant of a union adds to a record. */
interface RecordExtras {
  /** Further members of the Avro definition, such as its namespace. */
  readonly attributes?: { readonly [name: string]: Json };
  /** A field of the memory and JSON forms that Avro says by the record's name. */
  readonly tag?: Member;
}

/** The kind of a record. */
export function recordKind(name: string, fields: Fields, { attributes = {}, tag }: RecordExtras = {}): Kind {
  checkTypeName(name, 'a record');
  const inAvro = entriesOf(name, fields).map(([field, schema]): Member => {
    checkAvroName(field, `a field of record ${name}`);
    return { name: field, kind: kindOf(schema, `at the field '${field}' of record ${name}`) };
  });
  const definition = (names?: Names): Json => ({
    type: 'record',
    name,
    ...attributes,
    fields: inAvro.map(({ name: field, kind }) => ({ name: field, type: kind.avro(names), ...readerDefault(kind) })),
  });
  const members = tag === undefined ? inAvro : [tag, ...inAvro];
  return {
    avro: (names) => named(name, definition, names),
    jsonSchema: (form) => ({
      type: 'object',
      title: name,
      properties: Object.fromEntries(members.map(({ name: field, kind }) => [field, kind.jsonSchema(form)])),
      required: members.map(({ name: field }) => field),
      ...(form === 'input' && { additionalProperties: false }),
    }),
    accept: strict(members, 'accept'),
    write: strict(members, 'write'),
    read: lenient(members),
    take: inPlace(members),
    isPersonal: inAvro.some(({ kind }) => kind.isPersonal),
  };
}

/** A getter that asks for its own record finds it not yet there (`ReferenceError`), or makes it for ever (`RangeError`). */
function entriesOf(name: string, fields: Fields): [string, AnySchema][] {
  try {
    return Object.entries(fields);
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw invalid(`record ${name}: a getter among its fields failed (${error.message}); ${NO_RECURSION}`);
  }
}

const readerDefault = (kind: Kind): { default?: Json } =>
  kind.absent === undefined ? {} : { default: avroDefault(kind.avro(), kind.absent) };

/** Exactly the declared fields, as own properties. */
function strict(members: readonly Member[], direction: 'accept' | 'write'): Visit {
  const declared = new Set<PropertyKey>(members.map(({ name }) => name));
  return (value, walk) => {
    if (!isPlainObject(value)) return fault(walk, `expected an object, got ${describe(value)}`);
    const result: Record<string, unknown> = {};
    for (const { name, kind } of members) {
      const item = Object.hasOwn(value, name) ? value[name] : undefined;
      result[name] = item === undefined ? fault(walk, 'is missing', name) : member(kind[direction], item, name, walk);
    }
    for (const key of Reflect.ownKeys(value))
      if (!declared.has(key)) {
        if (isFull(walk)) break;
        fault(walk, 'is not declared in the schema', key);
      }
    return result;
  };
}

/** The fields the reader knows, or their defaults. The input is JSON and field names are no members of `Object.prototype`, so plain reads are safe. */
function lenient(members: readonly Member[]): Visit {
  return (json, walk) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      return fault(walk, `expected an object, got ${describe(json)}`);
    const result: Record<string, unknown> = {};
    for (const { name, kind } of members) {
      const stored = (json as Record<string, unknown>)[name];
      const item = stored === undefined ? kind.absent : stored;
      result[name] = item === undefined ? fault(walk, 'is missing', name) : member(kind.read, item, name, walk);
    }
    return result;
  };
}

/** The very object, when it has the declared fields and no others, or lacks such whose default is a plain value. */
function inPlace(members: readonly Member[]): Kind['take'] {
  const names = members.map(({ name }) => name);
  const takes = members.map(({ kind }) => kind.take);
  const absent = members.map(({ kind }) =>
    typeof kind.absent === 'object' && kind.absent !== null ? undefined : kind.absent,
  );
  return (json) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    const fields = json as Record<string, unknown>;
    let unknown = Object.keys(fields).length;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const stored = fields[name];
      if (stored !== undefined) unknown -= 1;
      const item = takes[i]?.(stored === undefined ? absent[i] : stored);
      if (item === undefined) return undefined;
      if (!Object.is(item, stored)) fields[name] = item;
    }
    return unknown === 0 ? fields : undefined;
  };
}
