import { parseAvro, resolveAvro, type Json } from '@leftfold/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isParsed, pair, valid } from './avro-pairs.ts';
import { naively, Unreadable, witnesses } from './naive-resolution.ts';

test('a pair has no findings exactly when the specification, value by value, reads all that the writer may have written; and to the same values', () => {
  const seen = { readable: 0, unreadable: 0, converted: 0 };
  fc.assert(
    fc.property(pair, ([writer, reader]) => {
      const [from, to] = [parseAvro(writer), parseAvro(reader)];
      const isRoot = from.kind === 'record' && to.kind === 'record';
      const expected = witnesses(from).map((json) => {
        try {
          return { json, reads: naively(from, to, json, isRoot) };
        } catch (error) {
          if (error instanceof Unreadable) return undefined;
          throw error;
        }
      });
      const { findings, isSame, convert } = resolveAvro(writer, reader);
      expect(findings.length === 0).toBe(expected.every((one) => one !== undefined));
      seen[findings.length === 0 ? 'readable' : 'unreadable'] += 1;
      if (findings.length > 0) return;
      if (!isSame) seen.converted += 1;
      for (const one of expected) {
        const before = JSON.stringify(one?.json);
        expect(convert(one?.json)).toEqual(one?.reads);
        expect(JSON.stringify(one?.json)).toBe(before);
        if (isSame) expect(convert(one?.json)).toBe(one?.json);
      }
    }),
    { numRuns: 4_000 },
  );
  // The generator must not drift into what says nothing.
  expect(Math.min(seen.readable, seen.unreadable, seen.converted)).toBeGreaterThan(300);
});

test('no text makes it throw: what is no Avro is a finding', () => {
  const words = fc.constantFrom('record', 'enum', 'array', 'map', 'union', 'fixed', 'int', 'R', 'n.R', '', 'a b');
  const attributes = fc.constantFrom(
    'type',
    'name',
    'namespace',
    'aliases',
    'fields',
    'symbols',
    'items',
    'values',
    'size',
    'default',
    'logicalType',
    'precision',
    'scale',
    'tag',
    '__proto__',
  );
  const { anything } = fc.letrec<{ anything: Json }>((tie) => ({
    anything: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(words, fc.constantFrom(null, true, 0, -1, 1.5)),
      fc.array(tie('anything'), { maxLength: 3 }),
      fc.dictionary(attributes, tie('anything'), { maxKeys: 6 }),
      fc.record({
        type: words,
        name: words,
        fields: tie('anything'),
        items: tie('anything'),
        symbols: tie('anything'),
      }),
    ),
  }));
  fc.assert(
    fc.property(anything, valid, (broken, whole) => {
      expect(resolveAvro(broken, whole).findings.every(({ message, remedy }) => message !== '' && remedy !== '')).toBe(
        true,
      );
      expect(resolveAvro(whole, broken).findings.length > 0 || isParsed(broken)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test('what a schema wrote comes back by itself as it is', () => {
  fc.assert(
    fc.property(valid, (avro) => {
      const { findings, isSame, convert } = resolveAvro(avro, structuredClone(avro));
      expect({ findings, isSame }).toEqual({ findings: [], isSame: true });
      for (const json of witnesses(parseAvro(avro))) expect(convert(json)).toBe(json);
    }),
  );
});
