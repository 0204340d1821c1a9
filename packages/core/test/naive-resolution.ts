import { unqualified, type AvroType } from '@leftfold/core';

/** Stored values that together go through every branch, symbol and item of a type. */
export function witnesses(type: AvroType): readonly unknown[] {
  switch (type.kind) {
    case 'null':
      return [null];
    case 'boolean':
      return [true];
    case 'int':
      return type.logical ? ['2026-11-22'] : [-5];
    case 'long':
      return type.logical ? ['2026-11-22T00:00:00.000Z'] : ['-5', '9223372036854775807'];
    case 'float':
    case 'double':
      return [0.5];
    case 'bytes':
      return type.logical ? ['1.25'] : ['YWI='];
    case 'fixed':
      return ['YWI='];
    case 'string':
      return type.logical ? ['01910000-0000-7000-8000-000000000001'] : ['ab'];
    case 'enum':
      return type.symbols;
    case 'array':
      return [[], ...witnesses(type.items).map((item) => [item])];
    case 'map':
      return [{}, ...witnesses(type.values).map((value) => ({ k: value }))];
    case 'union':
      return type.branches.flatMap(witnesses);
    case 'record': {
      const all = type.fields.map((field) => ({ name: field.name, values: witnesses(field.type) }));
      const base = Object.fromEntries(all.map(({ name, values }) => [name, values[0]]));
      const tagged = type.tag === undefined ? base : { [type.tag.field]: type.tag.variant, ...base };
      return [
        tagged,
        ...all.flatMap(({ name, values }) => values.slice(1).map((value) => ({ ...tagged, [name]: value }))),
      ];
    }
  }
}

/** The reader cannot read this value of the writer. */
export class Unreadable extends Error {}
/** Avro's specification as it stands, value by value, without a plan: the writer's type of each value is looked up as it comes. */
export function naively(writer: AvroType, reader: AvroType, json: unknown, isRoot = false): unknown {
  if (writer.kind === 'union') return naively(branchOf(writer.branches, json), reader, json);
  if (reader.kind === 'union') {
    const sameKind = reader.branches.filter((one) => one.kind === writer.kind && isCalledAlike(writer, one));
    const candidates = [...sameKind, ...reader.branches.filter((one) => !sameKind.includes(one))];
    for (const one of candidates) {
      if ('name' in writer && !sameKind.includes(one)) continue;
      try {
        return naively(writer, one, json);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
      }
    }
    throw new Unreadable();
  }
  if (!isRoot && !isCalledAlike(writer, reader)) throw new Unreadable();
  if (writer.kind === 'record' && reader.kind === 'record') {
    const given = json as Record<string, unknown>;
    const result: Record<string, unknown> = reader.tag === undefined ? {} : { [reader.tag.field]: reader.tag.variant };
    for (const field of reader.fields) {
      const from = writer.fields.find(({ name }) => name === field.name);
      if (from !== undefined) result[field.name] = naively(from.type, field.type, given[field.name]);
      else if (field.absent !== undefined) result[field.name] = field.absent;
      else throw new Unreadable();
    }
    return result;
  }
  if (writer.kind === 'array' && reader.kind === 'array')
    return (json as unknown[]).map((item) => naively(writer.items, reader.items, item));
  if (writer.kind === 'map' && reader.kind === 'map')
    return Object.fromEntries(
      Object.entries(json as object).map(([key, value]) => [key, naively(writer.values, reader.values, value)]),
    );
  if (writer.kind === 'enum' && reader.kind === 'enum') {
    const symbol = reader.symbols.includes(json as string) ? json : reader.absent;
    if (symbol === undefined) throw new Unreadable();
    return symbol;
  }
  return naiveLeaf(writer, reader, json);
}
function naiveLeaf(writer: AvroType, reader: AvroType, json: unknown): unknown {
  const [was, is] = [writer, reader].map((type) => ('logical' in type ? type.logical : undefined));
  if (was?.name !== is?.name) throw new Unreadable();
  if (was?.name === 'decimal' && is?.name === 'decimal' && (was.scale !== is.scale || was.precision > is.precision))
    throw new Unreadable();
  if (writer.kind === 'fixed' && reader.kind === 'fixed' && writer.size !== reader.size) throw new Unreadable();
  if (writer.kind === reader.kind) return json;
  switch (`${writer.kind} ${reader.kind}`) {
    case 'int long':
      return String(json);
    case 'int float':
    case 'int double':
    case 'float double':
      return json;
    case 'long float':
      return Math.fround(Number(json));
    case 'long double':
      return Number(json);
    case 'string bytes':
      return Buffer.from(json as string).toString('base64');
    case 'bytes string':
      return Buffer.from(json as string, 'base64').toString();
  }
  throw new Unreadable();
}
const isCalledAlike = (writer: AvroType, reader: AvroType): boolean =>
  !('name' in writer && 'name' in reader) || unqualified(writer.name) === unqualified(reader.name);
function branchOf(branches: readonly AvroType[], json: unknown): AvroType {
  const isNull = json === null;
  const tag = (json as { kind?: unknown } | null)?.kind;
  return (
    branches.find((one) => (isNull ? one.kind === 'null' : one.kind === 'record' && one.tag?.variant === tag)) ??
    (branches.find((one) => one.kind !== 'null' && !('tag' in one)) as AvroType)
  );
}
