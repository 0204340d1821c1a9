import { isJsonObject, type JsonObject } from '../json-value.ts';
import { toBase64 } from '../base64.ts';
import type { Json } from '../schema/schema.ts';
import { withPoint } from '../schema/with-point.ts';
import type { AvroLogical, AvroType } from './avro-type.ts';

const DAY_MS = 86_400_000;
const LONG = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * The stored JSON form of a default as Avro writes it: the inverse of what a definition's text says. `undefined` when it is none of this type. A value for a
 * union is of its first branch that fits; before Avro 1.12 that was the first one there is.
 */
export function storedDefault(type: AvroType, given: Json, seen: Seen = new Map()): Json | undefined {
  switch (type.kind) {
    case 'null':
      return given === null ? null : undefined;
    case 'boolean':
      return typeof given === 'boolean' ? given : undefined;
    case 'int':
      return isWhole(given, -(2 ** 31), 2 ** 31 - 1) ? ofInt(given, type.logical) : undefined;
    case 'long':
      return isWhole(given, -Infinity, Infinity) ? ofLong(given, type.logical) : undefined;
    case 'float':
    case 'double':
      return typeof given === 'number' ? given : undefined;
    case 'string':
      return typeof given === 'string' ? given : undefined;
    case 'bytes':
    case 'fixed': {
      const bytes = typeof given === 'string' ? latin1(given) : undefined;
      if (bytes === undefined || (type.kind === 'fixed' && bytes.length !== type.size)) return undefined;
      return type.logical?.name === 'decimal' ? decimalText(bytes, type.logical.scale) : toBase64(bytes);
    }
    case 'enum':
      return typeof given === 'string' && type.symbols.includes(given) ? given : undefined;
    case 'array':
      return Array.isArray(given) ? whole(given.map((item: Json) => storedDefault(type.items, item, seen))) : undefined;
    case 'map':
      return isJsonObject(given)
        ? ofEntries(Object.entries(given).map(([k, v]) => [k, storedDefault(type.values, v, seen)]))
        : undefined;
    case 'union': {
      const known = seen.get(type) ?? new Map<Json, Json | undefined>();
      if (!known.has(given)) {
        seen.set(type, known);
        known.set(given, ofFirstFitting(type.branches, given, seen));
      }
      return known.get(given);
    }
    case 'record': {
      if (!isJsonObject(given)) return undefined;
      const { tag, fields } = type;
      const members = fields.map(({ name, type: of, absent }): readonly [string, Json | undefined] => [
        name,
        Object.hasOwn(given, name) ? storedDefault(of, given[name] as Json, seen) : absent,
      ]);
      return ofEntries(tag === undefined ? members : [[tag.field, tag.variant], ...members]);
    }
  }
}

/** What was found of parts for unions: branches that hold the same union would look at each part of a deep value again for each way to it. */
type Seen = Map<AvroType, Map<Json, Json | undefined>>;

function ofFirstFitting(branches: readonly AvroType[], given: Json, seen: Seen): Json | undefined {
  for (const branch of branches) {
    const found = storedDefault(branch, given, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function ofInt(given: number, logical: AvroLogical | undefined): Json | undefined {
  return logical === undefined ? given + 0 : isoText(given * DAY_MS)?.slice(0, 10);
}
function ofLong(given: number, logical: AvroLogical | undefined): Json | undefined {
  const exact = BigInt(given);
  if (exact < LONG.min || exact > LONG.max) return undefined;
  return logical === undefined ? exact.toString() : isoText(given);
}

/** Years of four digits are all that the stored form knows. */
function isoText(ms: number): string | undefined {
  const date = new Date(ms);
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return /^\d{4}-/.test(text) ? text : undefined;
}

/** Code points 0 to 255 stand for bytes. */
function latin1(text: string): Uint8Array | undefined {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return bytes.length === text.length && !/[^\0-\u00ff]/.test(text) ? bytes : undefined;
}

/** Big-endian two's complement, as many digits after the point as the scale says. */
function decimalText(bytes: Uint8Array, scale: number): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x0${hex}`));
  return withPoint(unscaled.toString(), scale);
}

function isWhole(given: Json, min: number, max: number): given is number {
  return typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max;
}
const whole = (list: readonly (Json | undefined)[]): Json | undefined =>
  list.every((item) => item !== undefined) ? list : undefined;
function ofEntries(entries: readonly (readonly [string, Json | undefined])[]): Json | undefined {
  return entries.every(([, value]) => value !== undefined) ? (Object.fromEntries(entries) as JsonObject) : undefined;
}
