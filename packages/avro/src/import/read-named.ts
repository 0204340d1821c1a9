import { t, unqualified, isJsonList, type JsonObject } from '@leftfold/core';
import { noteOthers } from './avro-json.ts';
import { quoted } from './code.ts';
import { readFields } from './read-fields.ts';
import type { Piece, Place, Reading } from './reading.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Takes the name, so that what names it inside is known to go round in a circle. `undefined` where it cannot be taken. */
export function define(
  avro: JsonObject,
  place: Place,
  reading: Reading,
): { readonly name: string; readonly full: string; readonly within: Place } | undefined {
  const { name: said, namespace } = avro;
  const text = typeof said === 'string' ? said : '';
  const dot = text.lastIndexOf('.');
  const name = text.slice(dot + 1);
  const space = dot !== -1 ? text.slice(0, dot) : typeof namespace === 'string' ? namespace : place.namespace;
  const full = space === '' ? name : `${space}.${name}`;
  if (!NAME.test(name)) return reading.refuse(place, `a type whose name is none: ${JSON.stringify(said)}`);
  const namesake = [...reading.types.keys()].find((known) => known !== full && unqualified(known) === name);
  if (namesake !== undefined)
    return reading.refuse(place, `the type '${full}', called as '${namesake}' is; names are unique within an event`);
  if (reading.types.has(full)) return reading.refuse(place, `the type '${full}', which is defined a second time`);
  if (place.path !== '' && (space !== place.namespace || dot !== -1 || namespace !== undefined))
    reading.refuse(place, `the namespace of '${full}'; t gives it the event's`);
  reading.types.set(full, undefined);
  return { name, full, within: { path: place.path, namespace: space } };
}

/** A named type is a constant of its own, before whatever needs it. */
function constant(
  named: { readonly name: string; readonly full: string },
  comments: readonly string[],
  piece: Piece | undefined,
  reading: Reading,
): Piece | undefined {
  if (piece === undefined) return undefined;
  const name = reading.nameFor(named.name);
  reading.constants.push({ name, code: piece.code, comments });
  const reference = { code: name, schema: piece.schema };
  reading.types.set(named.full, reference);
  return reference;
}

/** A record, as a constant. */
export function ofRecord(avro: JsonObject, place: Place, reading: Reading): Piece | undefined {
  const named = define(avro, place, reading);
  if (named === undefined) return undefined;
  const { result, comments } = reading.commented(() => {
    reading.comment(avro['doc']);
    noteOthers(avro, 'type name namespace fields doc', place, reading);
    const { code, schemas } = readFields(avro, named.within, reading);
    return reading.built(place, { call: 't.record', with: [quoted(named.name), code] }, () =>
      t.record(named.name, schemas),
    );
  });
  if (result === undefined) for (const comment of comments) reading.comment(comment);
  return constant(named, comments, result, reading);
}

/** An enum, as a constant. */
export function ofEnum(avro: JsonObject, place: Place, reading: Reading): Piece | undefined {
  const named = define(avro, place, reading);
  if (named === undefined) return undefined;
  const { result, comments } = reading.commented(() => {
    const given = avro['symbols'] ?? null;
    const symbols = isJsonList(given) ? given.filter((symbol) => typeof symbol === 'string') : [];
    const [first] = symbols;
    reading.comment(avro['doc']);
    noteOthers(avro, 'type name namespace symbols default doc', place, reading);
    if (avro['default'] !== first)
      reading.refuse(
        place,
        avro['default'] === undefined
          ? `an enum without a default; here unknown symbols are read as the first, ${first}`
          : `an enum whose default is ${JSON.stringify(avro['default'])}; here unknown symbols are read as the first, ${first}`,
      );
    const code = { call: 't.enum', with: [quoted(named.name), { list: symbols.map(quoted) }] };
    return reading.built(place, code, () => t.enum(named.name, symbols as [string]));
  });
  if (result === undefined) for (const comment of comments) reading.comment(comment);
  return constant(named, comments, result, reading);
}
