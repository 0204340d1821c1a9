import { t } from '@leftfold/core';
import type { Side } from './evolution-change.ts';

/** Three texts, of which the third goes with the second alone, in one direction or both. */
export const sequences: readonly { readonly title: string; readonly texts: readonly [Side, Side, Side] }[] = [
  {
    title: 'a field goes and comes back with another type',
    texts: [
      { fields: { f: t.withDefault(t.int(), 0) } },
      { fields: {} },
      { fields: { f: t.withDefault(t.string(), '') } },
    ],
  },
  {
    title: 'a default is added, then the field is removed',
    texts: [{ fields: { f: t.int() } }, { fields: { f: t.withDefault(t.int(), 0) } }, { fields: {} }],
  },
  {
    title: 'a field is added with a default, which then goes',
    texts: [{ fields: {} }, { fields: { f: t.withDefault(t.int(), 0) } }, { fields: { f: t.int() } }],
  },
  {
    title: 'fields are added with defaults',
    texts: [
      { fields: {} },
      { fields: { f: t.withDefault(t.int(), 0) } },
      { fields: { f: t.withDefault(t.int(), 0), g: t.nullable(t.int()) } },
    ],
  },
  {
    title: 'a type is promoted twice',
    texts: [{ fields: { f: t.int() } }, { fields: { f: t.long() } }, { fields: { f: t.double() } }],
  },
];
