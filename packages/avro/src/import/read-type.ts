import { t, type Json, isJsonList, isJsonObject, type JsonObject } from '@leftfold/core';
import { below, noteOthers } from './avro-json.ts';
import { quoted, type Member } from './code.ts';
import { define, ofEnum, ofRecord } from './read-named.ts';
import { ofUnion } from './read-union.ts';
import type { Piece, Place, Reading } from './reading.ts';

const PRIMITIVES: { readonly [name: string]: () => t.AnySchema } = {
  boolean: t.boolean,
  int: t.int,
  long: t.long,
  double: t.double,
  string: () => t.string(),
  bytes: t.bytes,
};

/** The builders of an Avro type; `undefined` where there are none, which is noted. */
export function readType(avro: Json, place: Place, reading: Reading): Piece | undefined {
  if (typeof avro === 'string') return ofName(avro, place, reading);
  if (isJsonList(avro)) return ofUnion(avro, place, reading);
  if (!isJsonObject(avro)) return reading.refuse(place, `${JSON.stringify(avro)} is no type`);
  const kind: unknown = avro['type'];
  switch (kind) {
    case 'record':
      return ofRecord(avro, place, reading);
    case 'enum':
      return ofEnum(avro, place, reading);
    case 'array':
      noteOthers(avro, 'type items', place, reading);
      return reading.around(place, 't.array', t.array, reading.read(avro['items'] ?? null, below(place, '[]')));
    case 'map':
      noteOthers(avro, 'type values', place, reading);
      return reading.around(place, 't.map', t.map, reading.read(avro['values'] ?? null, below(place, '{}')));
    case 'fixed':
      define(avro, place, reading);
      reading.refuse(
        place,
        `fixed of ${JSON.stringify(avro['size'])} bytes; bytes here, whose encoding is another one`,
      );
      return { code: 't.bytes()', schema: t.bytes() };
    case 'error':
      return reading.refuse(place, 'an error type; only protocols have them');
  }
  if (avro['logicalType'] !== undefined) return ofLogical(avro, place, reading);
  if (avro['type'] === 'string' && avro['personal'] === true) return ofPersonal(avro, place, reading);
  const piece = readType(avro['type'] ?? null, place, reading);
  noteOthers(avro, 'type', place, reading);
  if (Object.keys(avro).length === 1) reading.refuse(place, `{ "type": … } around a type; t writes the type alone`);
  return piece;
}

function ofName(name: string, place: Place, reading: Reading): Piece | undefined {
  const primitive = Object.hasOwn(PRIMITIVES, name) ? PRIMITIVES[name] : undefined;
  if (primitive !== undefined) return { code: `t.${name}()`, schema: primitive() };
  if (name === 'float') {
    reading.refuse(place, 'a float; a double here, as which it can be read');
    return { code: 't.double()', schema: t.double() };
  }
  const full = reading.find(name, place);
  if (full === undefined) return reading.refuse(place, `the type '${name}', which nothing before it defines`);
  const known = reading.types.get(full);
  if (known !== undefined && 'schema' in known) return known;
  return reading.refuse(place, `the type '${name}', which stands around this place or could not be said`);
}

function ofLogical(avro: JsonObject, place: Place, reading: Reading): Piece | undefined {
  const { type, logicalType, precision, scale } = avro;
  const call = (code: string, build: () => t.AnySchema): Piece | undefined => {
    noteOthers(avro, 'type logicalType precision scale', place, reading);
    return reading.built(place, code, build);
  };
  switch (`${JSON.stringify(type)} ${JSON.stringify(logicalType)}`) {
    case '"string" "uuid"':
      return call('t.uuid()', t.uuid);
    case '"int" "date"':
      return call('t.date()', t.date);
    case '"long" "timestamp-millis"':
      return call('t.timestampMillis()', t.timestampMillis);
    case '"bytes" "decimal"': {
      if (scale === undefined) reading.refuse(place, 'a decimal without a scale, which means 0; t writes it');
      const [digits, after] = [numberOf(precision), numberOf(scale ?? 0)];
      return call(`t.decimal(${digits}, ${after})`, () => t.decimal(digits, after));
    }
  }
  reading.refuse(place, `the logical type ${JSON.stringify(logicalType)}; its bare type here`);
  const bare = Object.fromEntries(Object.entries(avro).filter(([attribute]) => attribute !== 'logicalType'));
  return readType(Object.keys(bare).length === 1 ? (type ?? null) : bare, place, reading);
}

const numberOf = (json: Json | undefined): number => (typeof json === 'number' ? json : NaN);

function ofPersonal(avro: JsonObject, place: Place, reading: Reading): Piece | undefined {
  noteOthers(avro, 'type personal erasedAs', place, reading);
  const { erasedAs } = avro;
  if (typeof erasedAs !== 'string') return reading.refuse(place, 'personal text without "erasedAs"');
  const options: Member = { key: 'erasedAs', value: quoted(erasedAs), comments: [] };
  return reading.built(place, { call: 't.personal', with: ['t.string()', { object: [options] }] }, () =>
    t.personal(t.string(), { erasedAs }),
  );
}
