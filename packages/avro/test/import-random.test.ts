import { t, type Json } from '@leftfold/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builderCode } from '../src/import/builder-code.ts';
import { nearly, sample } from './import-samples.ts';
import { printedAvro, run } from './printed-code.ts';

test('the printed code of every schema has the Avro text that was given, and nothing is unsupported', () => {
  fc.assert(
    fc.property(sample, ({ schema }) => {
      const { code, unsupported } = builderCode(schema.avro);
      expect(unsupported).toEqual([]);
      expect(printedAvro(code)).toEqual(schema.avro);
      expect(builderCode(schema.avro)).toEqual({ code, unsupported });
      expect(t.avsc(schema.avro as string).avro).toEqual(schema.avro);
      expect(code.split('\n').filter((line) => line.length > 120 && !line.includes('xxx'))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

const withoutOrder = (json: Json): string =>
  JSON.stringify(json, (_, value: Json) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== 'doc')
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : value,
  );

test('of any JSON that was nearly a schema: never a throw, never code that does not run, never another text unreported', () => {
  const seen = { whole: 0, told: 0, read: 0, refused: 0 };
  fc.assert(
    fc.property(nearly, (text) => {
      const avro = JSON.parse(text) as Json;
      const { code, unsupported } = builderCode(avro);
      seen[unsupported.length === 0 ? 'whole' : 'told']++;
      if (unsupported.length > 0) run(code);
      else expect([code, withoutOrder(printedAvro(code))]).toEqual([code, withoutOrder(avro)]);
      let read: t.AnySchema | undefined;
      try {
        read = t.avsc(avro as string) as t.AnySchema;
      } catch (error) {
        expect(error).toMatchObject({ code: 'LF_SCHEMA_INVALID' });
      }
      seen[read === undefined ? 'refused' : 'read']++;
      if (read === undefined) return;
      expect(withoutOrder(read.avro)).toBe(withoutOrder(avro));
      if (!JSON.stringify(avro).includes('"namespace"')) expect([avro, unsupported]).toEqual([avro, []]);
    }),
    { numRuns: 2000 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});
