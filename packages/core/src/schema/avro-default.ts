import { fromBase64 } from '../base64.ts';
import { invalid } from './avro-name.ts';
import type { Json } from './schema.ts';

/** Avro JSON that is an object, as far as defaults need it. */
interface AvroObject {
  readonly type: string;
  readonly logicalType?: string;
  readonly items: Json;
  readonly values: Json;
  readonly fields: readonly { readonly name: string; readonly type: Json }[];
  readonly tag?: { readonly [tag: string]: Json };
}
type JsonObject = { readonly [key: string]: Json };

/**
 * A field's default as Avro writes it, which is not the stored JSON form: a long is a number there, bytes are a string of code points
 * 0 to 255, a union's value must be of its first branch. Source: Avro specification 1.12, "Complex Types: Records".
 * `avro` has all definitions in place; `json` fits it.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when Avro cannot say this default
 */
export function avroDefault(avro: Json, json: Json): Json {
  if (isUnion(avro)) return ofFirstBranch(avro[0], json);
  const type = (typeof avro === 'string' ? { type: avro } : avro) as unknown as AvroObject;
  switch (type.logicalType ?? type.type) {
    case 'long':
      return safeNumber(json as string);
    case 'timestamp-millis':
      return Date.parse(json as string);
    case 'date':
      return Date.parse(json as string) / 86_400_000;
    case 'bytes':
      return latin1(fromBase64(json as string) ?? []);
    case 'decimal':
      return latin1(twosComplement(BigInt((json as string).replace('.', ''))));
    case 'array':
      return (json as readonly Json[]).map((item) => avroDefault(type.items, item));
    case 'map':
      return mapValues(json as JsonObject, (value) => avroDefault(type.values, value));
    case 'record':
      return Object.fromEntries(
        type.fields.map(({ name, type: field }) => [name, avroDefault(field, (json as JsonObject)[name] ?? null)]),
      );
    default:
      return json;
  }
}

const isUnion = (avro: Json): avro is readonly Json[] => Array.isArray(avro);

function ofFirstBranch(branch: Json | undefined, json: Json): Json {
  if (branch !== undefined && fitsBranch(branch, json)) return avroDefault(branch, json);
  throw invalid(
    't.withDefault: inside the default, a union has a value of another branch than its first; Avro cannot say that',
  );
}
function fitsBranch(branch: Json, json: Json): boolean {
  if (branch === 'null' || json === null) return branch === 'null' && json === null;
  const { tag = {} } = branch as unknown as Partial<AvroObject>;
  return Object.entries(tag).every(([name, variant]) => (json as JsonObject)[name] === variant);
}

function safeNumber(text: string): number {
  if (Number.isSafeInteger(Number(text))) return Number(text);
  throw invalid(`t.withDefault: ${text} is beyond ±(2^53−1), which JSON libraries round`);
}

const latin1 = (bytes: Iterable<number>): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** Big-endian, as few bytes as hold the sign. */
function twosComplement(value: bigint): number[] {
  const byte = Number(BigInt.asUintN(8, value));
  const rest = value >> 8n;
  return rest === (byte < 0x80 ? 0n : -1n) ? [byte] : [...twosComplement(rest), byte];
}

const mapValues = (object: JsonObject, to: (value: Json) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, to(value)]));
