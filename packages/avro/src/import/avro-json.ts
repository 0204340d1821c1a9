import { type JsonObject, type Json } from '@leftfold/core';
import type { Place, Reading } from './reading.ts';

export const below = ({ path, namespace }: Place, step: string): Place => ({ path: path + step, namespace });

/** Far above any schema that people write, far below the stack: a record takes four levels. */
const MAX_LEVELS = 400;

/** Whether JSON goes deeper than any schema, in its types, defaults or attributes; JSON that holds itself does. */
export const isTooDeep = (json: Json, levels: number = MAX_LEVELS): boolean =>
  typeof json === 'object' &&
  json !== null &&
  (levels === 0 || Object.values(json).some((part: Json) => isTooDeep(part, levels - 1)));

/** Notes the attributes that t has no word for. */
export function noteOthers(avro: JsonObject, known: string, place: Place, reading: Reading): void {
  const words = known.split(' ');
  for (const [attribute, value] of Object.entries(avro))
    if (!words.includes(attribute))
      reading.refuse(place, `the attribute ${JSON.stringify(attribute)}: ${JSON.stringify(value)}`);
}
