import { fromJson, parseAvro, t, type Json, isJsonList, isJsonObject, type JsonObject } from '@leftfold/core';
import { below, noteOthers } from './avro-json.ts';
import { literal, type Member } from './code.ts';
import type { FieldPieces, Piece, Place, Reading } from './reading.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Those of a record, or of a variant. What cannot be said is left out, with a comment in its place. */
export function readFields(avro: JsonObject, place: Place, reading: Reading): FieldPieces {
  const fields = avro['fields'];
  const members: Member[] = [];
  const schemas: { [name: string]: t.AnySchema } = {};
  if (fields === undefined || !isJsonList(fields)) reading.refuse(place, 'a record without a list of fields');
  for (const field of isJsonList(fields ?? null) ? (fields as readonly Json[]) : []) {
    const given = isJsonObject(field) ? field['name'] : undefined;
    const name = typeof given === 'string' ? given : '';
    const { result, comments } = reading.commented(() => {
      if (!isJsonObject(field) || !NAME.test(name) || name in {})
        return reading.refuse(place, `a field whose name is none here: ${JSON.stringify(given)}`);
      return readField(name, field, below(place, place.path === '' ? name : `.${name}`), reading);
    });
    const isTwice = Object.hasOwn(schemas, name);
    if (isTwice) reading.refuse(place, `the field '${name}' a second time`);
    if (result === undefined || isTwice) members.push({ key: '', comments });
    else {
      members.push({ key: name, value: result.code, comments });
      schemas[name] = result.schema;
    }
  }
  return { code: { object: members }, schemas };
}

function readField(name: string, field: JsonObject, place: Place, reading: Reading): Piece | undefined {
  reading.comment(field['doc']);
  const { type = null, default: given } = field;
  const piece = reading.read(type, place);
  noteOthers(field, 'name type default doc', place, reading);
  if (piece === undefined) return reading.refuse(place, `so '${name}' is left out`);
  const isNullable = isJsonList(piece.schema.avro) && piece.schema.avro.includes('null');
  const nullFirst = isJsonList(type) && type[0] === 'null';
  if (given === undefined || given === null) {
    if (isNullable && given === undefined) reading.refuse(place, 'nullable without a default; t gives it null');
    else if (isNullable && !nullFirst) reading.refuse(place, 'the default null, and null not first; t puts it first');
    if (!isNullable && given === null) reading.refuse(place, 'the default null, which is none of its type');
    return piece;
  }
  return withDefault(piece, given, place, reading) ?? piece;
}

function withDefault(piece: Piece, given: Json, place: Place, reading: Reading): Piece | undefined {
  const value = memoryOf(piece.schema, given);
  if (value === undefined)
    return reading.refuse(place, `the default ${JSON.stringify(given)}, which is none of its type`);
  return reading.built(place, { call: 't.withDefault', with: [piece.code, literal(value)] }, () =>
    t.withDefault(piece.schema, value),
  );
}

/** The memory form of a default as Avro writes it. */
function memoryOf(schema: t.AnySchema, given: Json): unknown {
  try {
    const holder = parseAvro({ type: 'record', name: '_', fields: [{ name: '_', type: schema.avro, default: given }] });
    const read = fromJson(schema, holder.kind === 'record' ? holder.fields[0]?.absent : undefined);
    return 'value' in read ? read.value : undefined;
  } catch {
    return undefined;
  }
}
