import { expect, test } from 'vitest';
import { memoryAvro, t } from '../index.ts';

const Money = t.record('Money', { cents: t.integer(), currency: t.enum('Currency', ['EUR']) });

test('every definition stands in its place, and a long says that it is a bigint', () => {
  const schema = t.record('Root', { a: Money, b: t.array(Money), c: t.nullable(t.long()), d: t.map(t.integer()) });
  const money = Money.avro;
  expect(memoryAvro(schema)).toEqual({
    type: 'record',
    name: 'Root',
    fields: [
      { name: 'a', type: money },
      { name: 'b', type: { type: 'array', items: money } },
      { name: 'c', type: ['null', { type: 'long', memory: 'bigint' }], default: null },
      { name: 'd', type: { type: 'map', values: 'long' } },
    ],
  });
});

test('one Avro text may be held in memory in two ways, also under one name', () => {
  const schema = t.record('Root', {
    a: t.record('Part', { n: t.integer() }),
    b: t.record('Part', { n: t.long() }),
  });
  const part = (type: unknown): object => ({ type: 'record', name: 'Part', fields: [{ name: 'n', type }] });
  expect(memoryAvro(schema)).toMatchObject({
    fields: [{ type: part('long') }, { type: part({ type: 'long', memory: 'bigint' }) }],
  });
  expect(schema.avro).toMatchObject({ fields: [{ type: part('long') }, { type: 'Part' }] });
});
