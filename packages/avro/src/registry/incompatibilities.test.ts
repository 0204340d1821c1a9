import { expect, test } from 'vitest';
import { t } from '@leftfold/core';
import type { Compatibility } from './schema-registry.ts';
import { incompatibilities } from './incompatibilities.ts';

const avro = (fields: t.Fields): t.Json => t.record('Placed', fields).avro;
const registered = (...texts: readonly t.Json[]) =>
  texts.map((text, i) => ({ id: i + 1, version: i + 1, avro: JSON.stringify(text) }));

const plain = avro({ total: t.long() });
const withNote = avro({ total: t.long(), note: t.withDefault(t.string(), '') });
const withBareNote = avro({ total: t.long(), note: t.string() });
const withoutAll = avro({});

/** Which side cannot read which revision. */
const told = (mode: Compatibility, further: t.Json, ...earlier: readonly t.Json[]): readonly string[] =>
  incompatibilities(further, registered(...earlier), mode).map(
    ({ reader, earlier: { version }, mismatch }) => `${reader} ${version} ${mismatch.path} ${mismatch.rule}`,
  );

test('each mode asks for the directions it is named after', () => {
  const missing = 'further 1 note field-without-default';
  expect(told('BACKWARD', withBareNote, plain)).toEqual([missing]);
  expect(told('FORWARD', withBareNote, plain)).toEqual([]);
  expect(told('FULL', withBareNote, plain)).toEqual([missing]);
  expect(told('NONE', withBareNote, plain)).toEqual([]);
  const lost = 'earlier 1 total field-without-default';
  expect(told('BACKWARD', withoutAll, plain)).toEqual([]);
  expect(told('FORWARD', withoutAll, plain)).toEqual([lost]);
  expect(told('FULL', withoutAll, plain)).toEqual([lost]);
});

test('only transitive modes look beyond the latest text', () => {
  const earlier = [plain, withNote] as const;
  expect(told('BACKWARD', withBareNote, ...earlier)).toEqual([]);
  expect(told('BACKWARD_TRANSITIVE', withBareNote, ...earlier)).toEqual(['further 1 note field-without-default']);
  expect(told('FULL_TRANSITIVE', withBareNote, ...earlier)).toEqual(['further 1 note field-without-default']);
});

test('a reason that several revisions give is told once, of the latest of them', () => {
  expect(
    told('BACKWARD_TRANSITIVE', withBareNote, plain, avro({ total: t.long(), memo: t.nullable(t.string()) })),
  ).toEqual(['further 2 note field-without-default']);
});

test('a text that is no Avro gives no further reasons', () => {
  const garbage = [{ id: 1, version: 1, avro: '{' }];
  expect(incompatibilities(plain, garbage, 'FULL_TRANSITIVE')).toEqual([]);
});
