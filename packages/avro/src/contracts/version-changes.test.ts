import { t } from '@leftfold/core';
import { expect, test } from 'vitest';
import { payloadFields } from './payload-fields.ts';
import { versionChanges } from './version-changes.ts';

const changes = (before: t.Fields, after: t.Fields) =>
  versionChanges(payloadFields(t.record('R', before)), payloadFields(t.record('R', after)));
const Money = (fields: t.Fields) => t.record('Money', fields);

test('names what is new, gone and of another type, without the parts of such fields', () => {
  expect(
    changes(
      { id: t.uuid(), total: t.double(), old: Money({ cents: t.long() }), totals: t.int() },
      { id: t.uuid(), total: Money({ cents: t.long() }), fresh: t.array(Money({ cents: t.long() })), totals: t.int() },
    ),
  ).toEqual({ added: ['fresh'], removed: ['old'], changed: [{ path: 'total', was: 'double', is: 'Money' }] });
});
test('looks into what kept its type', () => {
  expect(
    changes(
      { total: Money({ cents: t.long(), currency: t.string() }), lines: t.array(t.record('Line', { n: t.int() })) },
      {
        total: Money({ cents: t.integer({ min: 0 }) }),
        lines: t.array(t.record('Line', { n: t.long(), sku: t.string() })),
      },
    ),
  ).toEqual({
    added: ['lines[].sku'],
    removed: ['total.currency'],
    changed: [
      { path: 'total.cents', was: 'anything of its type', is: 'at least 0' },
      { path: 'lines[].n', was: 'int', is: 'long' },
    ],
  });
});
test('notices another default, another constraint, and data that has become personal', () => {
  expect(
    changes(
      { a: t.withDefault(t.string(), 'x'), b: t.string({ max: 3 }), c: t.string() },
      { a: t.withDefault(t.string(), 'y'), b: t.string({ max: 4 }), c: t.personal(t.string(), { erasedAs: '-' }) },
    ).changed,
  ).toEqual([
    { path: 'a', was: 'default "x"', is: 'default "y"' },
    { path: 'b', was: 'at most 3 characters', is: 'at most 4 characters' },
    { path: 'c', was: 'anything of its type', is: 'personal, erased as "-"' },
  ]);
});
test('finds nothing between equals, nor where fields only stand in another order', () => {
  const nothing = { added: [], removed: [], changed: [] };
  expect(changes({ a: t.int(), b: t.long() }, { b: t.long(), a: t.int() })).toEqual(nothing);
});
