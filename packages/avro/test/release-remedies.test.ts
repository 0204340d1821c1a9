import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileRegistry } from '@leftfold/avro';
import { versionsOf, type AvroRule, type Json } from '@leftfold/core';
import { incompatibilities } from '../src/registry/incompatibilities.ts';
import { incompatible } from '../src/release/incompatible-texts.ts';
import { emptyFolder, eventOf } from './release-folder.ts';

const type = eventOf('shop.order.placed', {});
const record = (...fields: readonly Json[]): Json => ({ type: 'record', name: 'Placed', namespace: 'shop', fields });
const f = (of: Json, more: { readonly [key: string]: Json } = {}): Json => record({ name: 'f', type: of, ...more });
const decimal = (precision: number, scale: number): Json => ({
  type: 'bytes',
  logicalType: 'decimal',
  precision,
  scale,
});
const fixed = (name: string, size: number): Json => ({ type: 'fixed', name, size });
const paid = (...symbols: readonly string[]): Json => ({ type: 'enum', name: 'Paid', symbols });
/** Flat as JSON, and as deep by its names as it has parts. The holders differ, so that a reader meets the deepest part first. */
const chain = (holder: string, leaf: Json): Json => {
  const parts = Array.from({ length: 500 }, (_, i): Json => {
    const x = { name: 'x', type: i === 0 ? leaf : `C${i - 1}` };
    return { name: `p${i}`, type: { type: 'record', name: `C${i}`, fields: [x] } };
  });
  const all: Json = { type: 'record', name: 'Parts', fields: parts };
  return record({ name: holder, type: ['null', all], default: null }, { name: 'f', type: 'C499' });
};

const NEW_VERSION = 'or say the change as a new version with an upcaster';

/** What was written, what reads it, and what to do if the reader is the definition (`further`), or a released text (`earlier`). */
interface Case {
  readonly writer: Json;
  readonly reader: Json;
  readonly message: string;
  readonly further: string;
  readonly earlier: string;
}
const same = (remedy: string): Pick<Case, 'further' | 'earlier'> => ({ further: remedy, earlier: remedy });

/** Every rule but those of texts that are no Avro, which the gate tells in its own words. */
const cases: Readonly<Record<Exclude<AvroRule, 'writer-invalid' | 'reader-invalid'>, Case>> = {
  type: {
    writer: f('long'),
    reader: f('string'),
    message: 'long cannot be read as string',
    ...same(`keep the type it was released with, ${NEW_VERSION}`),
  },
  'logical-type': {
    writer: f('int'),
    reader: f({ type: 'int', logicalType: 'date' }),
    message: 'int cannot be read as date: a logical type reads the same logical type only',
    ...same(`keep the type it was released with, ${NEW_VERSION}`),
  },
  'decimal-scale': {
    writer: f(decimal(9, 2)),
    reader: f(decimal(9, 3)),
    message: 'decimal(9, 2) cannot be read as decimal(9, 3): the digits after the point differ',
    ...same(`keep the scale, ${NEW_VERSION}`),
  },
  'decimal-precision': {
    writer: f(decimal(9, 2)),
    reader: f(decimal(8, 2)),
    message: 'decimal(9, 2) cannot be read as decimal(8, 2), which has fewer digits',
    further: `keep or raise the precision, ${NEW_VERSION}`,
    earlier: `keep the precision it was released with, ${NEW_VERSION}`,
  },
  name: {
    writer: f(fixed('Hash', 4)),
    reader: f(fixed('Digest', 4)),
    message: 'fixed shop.Hash cannot be read as fixed shop.Digest: their names differ',
    ...same(`keep the name, ${NEW_VERSION}`),
  },
  'field-without-default': {
    writer: record(),
    reader: f('string'),
    message: "the reader's field 'f' has no default, and the writer's record shop.Placed does not have it",
    further: `give it a default (t.withDefault, t.nullable), ${NEW_VERSION}`,
    earlier: `keep the field, ${NEW_VERSION}`,
  },
  'field-ambiguous': {
    writer: record({ name: 'f', type: 'string' }, { name: 'g', type: 'string' }),
    reader: f('string', { aliases: ['g'] }),
    message: "the reader's field 'f' is the writer's 'f' and 'g'",
    further: 'take all but one of these aliases away',
    earlier: `give the added field a name that no released one had, ${NEW_VERSION}`,
  },
  'enum-symbol': {
    writer: f(paid('cash', 'card')),
    reader: f(paid('cash')),
    message: "the reader's enum shop.Paid lacks 'card', and has no default symbol",
    further: `keep the symbols, ${NEW_VERSION}`,
    earlier: `keep the symbols as they were released, ${NEW_VERSION}`,
  },
  'union-branch': {
    writer: f(['int', 'string', 'boolean']),
    reader: f(['int', 'string']),
    message: 'the writer may have written boolean, which the reader does not have',
    further: `keep the branch, ${NEW_VERSION}`,
    earlier: `keep the branches as they were released, ${NEW_VERSION}`,
  },
  'fixed-size': {
    writer: f(fixed('Hash', 4)),
    reader: f(fixed('Hash', 8)),
    message: 'fixed shop.Hash cannot be read as fixed shop.Hash: their sizes differ',
    ...same(`keep the size, ${NEW_VERSION}`),
  },
  depth: {
    writer: chain('written', 'int'),
    reader: chain('read', 'long'),
    message: 'record shop.C100 and record shop.C100 stand too deep in other types',
    ...same('put fewer types into each other'),
  },
};

/** What the gate says of a further text beside a released one; without how deep. */
function told(further: Json, released: Json, mode: 'BACKWARD' | 'FORWARD'): readonly string[] {
  const [version] = versionsOf(type);
  if (version === undefined) throw new Error('an event has a version');
  return incompatibilities(further, [{ id: 1, version: 1, avro: JSON.stringify(released) }], mode)
    .map((one) => incompatible({ type, version }, 'shop.Placed', one))
    .map(({ message, remedy, rule, field }) => `${field?.replace(/(\.x)+$/, '')}: ${message}; ${remedy} [${rule}]`);
}

describe.each(Object.entries(cases))('%s', (rule, { writer, reader, message, further, earlier }) => {
  test('what the definition cannot read is told with what its reader can do', () => {
    expect(told(reader, writer, 'BACKWARD')).toEqual([
      `f: the definition cannot read what revision 1 wrote (BACKWARD): ${message}; ${further} [${rule}]`,
    ]);
  });

  test('what a released text could not read is told with what the definition can do, for that text stays as it is', () => {
    expect(told(writer, reader, 'FORWARD')).toEqual([
      `f: the definition writes what revision 1 could not read (FORWARD): ${message}; ${earlier} [${rule}]`,
    ]);
  });
});

test('a folder that refuses a text tells the same remedy', async () => {
  const registry = fileRegistry(emptyFolder());
  await registry.register('shop.Placed', JSON.stringify(f('string')));
  await expect(registry.register('shop.Placed', JSON.stringify(record()))).rejects.toMatchObject({
    code: 'LF_SCHEMA_INCOMPATIBLE',
    findings: [{ path: 'f', remedy: cases['field-without-default'].earlier }],
  });
});

test('a folder takes no text beside one that is no Avro, except where nothing is compared', async () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'shop.Placed'));
  writeFileSync(join(folder, 'shop.Placed', '1.avsc'), '{"type":"record"}\n');
  const registry = fileRegistry(folder);
  const refused = registry.register('shop.Placed', JSON.stringify(record()));
  await expect(refused).rejects.toMatchObject({ code: 'LF_SCHEMA_INCOMPATIBLE' });
  await expect(refused).rejects.toThrow('version 1 is no Avro: ');
  writeFileSync(join(folder, 'compatibility.json'), '{"default":"NONE"}');
  await registry.register('shop.Placed', JSON.stringify(record()));
  expect(await registry.versions('shop.Placed')).toHaveLength(2);
});
