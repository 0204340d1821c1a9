import assert from 'node:assert/strict';
import { t } from '@leftfold/core';
import type { RowTable } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { COLUMNS, ROWS } from './every-column.ts';
import { newOwner, newTable, rowKey } from './model-scene.ts';
import type { OpenModels } from './model-scene.ts';
import { comparable, counted, gone, inserted } from './row-changes.ts';

/** What goes into a table comes out. */
export const rowCases = (open: OpenModels): readonly ConformanceCase[] => [
  ...Object.entries(ROWS).map(([what, row]) => ({
    title: `a row of every column type comes back in memory form: ${what}`,
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable({ columns: COLUMNS });
      await storage.readModels.prepare(table);
      await owner.transaction((tx) => tx.write(table, [inserted(row)]));
      const [kept] = await owner.read(table, row['id'] as string);
      assert.deepEqual(comparable(kept?.row), comparable(row));
      await owner.transaction((tx) => tx.write(table, [{ ...inserted(row), existed: true }]));
      const [again] = await owner.read(table, row['id'] as string);
      assert.deepEqual(comparable(again?.row), comparable(row), 'after an update, too');
    },
  })),
  {
    title: 'the answer of a read has one entry per key in the order asked; of an absent one neither row nor version',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable();
      await storage.readModels.prepare(table);
      assert.deepEqual(await owner.read(table, 'a'), [{ row: null, streamVersion: 0n }]);
      assert.deepEqual(await owner.read(table), []);
      await owner.transaction((tx) => tx.write(table, [counted('b', 1), counted('a', 2)]));
      for (const lock of [true, false]) {
        const kept = await owner.transaction((tx) => tx.read(table, ['c', 'b', 'a', 'd'].map(rowKey), { lock }));
        assert.deepEqual(
          kept.map(({ row, streamVersion }) => [row && { ...row }, streamVersion]),
          [null, { id: 'b', count: 1 }, { id: 'a', count: 2 }, null].map((row) => [row, 0n]),
        );
      }
    },
  },
  {
    title: 'rows are inserted, changed and deleted by one write, many at once',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable();
      await storage.readModels.prepare(table);
      const keys = Array.from({ length: 1500 }, (_, index) => `key ${index}`);
      await owner.transaction((tx) =>
        tx.write(
          table,
          keys.slice(0, 1000).map((key) => counted(key, 1)),
        ),
      );
      await owner.transaction((tx) =>
        tx.write(
          table,
          keys
            .slice(500)
            .map((key, index) =>
              index % 5 === 0 ? gone(key, index < 500) : counted(key, 2, { existed: index < 500 }),
            ),
        ),
      );
      await owner.transaction((tx) => tx.write(table, []));
      const kept = await owner.read(table, ...keys);
      assert.deepEqual(
        kept.map(({ row }) => row?.['count']),
        keys.map((_, index) => (index < 500 ? 1 : (index - 500) % 5 === 0 ? undefined : 2)),
      );
    },
  },
  {
    title: 'a transaction reads what it has written',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable();
      await storage.readModels.prepare(table);
      const seen = await owner.transaction(async (tx) => {
        await tx.write(table, [counted('a', 1), counted('b', 1)]);
        await tx.write(table, [counted('a', 2, { existed: true }), gone('b', true)]);
        return tx.read(table, [rowKey('a'), rowKey('b')], { lock: true });
      });
      assert.deepEqual(
        seen.map(({ row }) => row?.['count']),
        [2, undefined],
      );
    },
  },
  {
    title: 'a row of one stream keeps its version, and leaves it behind when it is deleted',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable({ order: 'stream' });
      await storage.readModels.prepare(table);
      const kept = async () =>
        (await owner.read(table, 'a', 'b')).map(({ row, streamVersion }) => [row?.['count'], streamVersion]);
      await owner.transaction((tx) => tx.write(table, [counted('a', 1, { streamVersion: 3n })]));
      assert.deepEqual(await kept(), [
        [1, 3n],
        [undefined, 0n],
      ]);
      await owner.transaction((tx) => tx.write(table, [counted('a', 2, { streamVersion: 2n ** 62n, existed: true })]));
      assert.deepEqual(await kept(), [
        [2, 2n ** 62n],
        [undefined, 0n],
      ]);
      await owner.transaction((tx) => tx.write(table, [gone('a', true, 2n ** 62n + 1n), gone('b', false, 1n)]));
      assert.deepEqual(await kept(), [
        [undefined, 2n ** 62n + 1n],
        [undefined, 1n],
      ]);
      await owner.transaction((tx) => tx.write(table, [gone('a', false, 2n ** 62n + 2n)]));
      assert.deepEqual(await kept(), [
        [undefined, 2n ** 62n + 2n],
        [undefined, 1n],
      ]);
      await owner.transaction((tx) =>
        tx.write(table, [counted('a', 3, { streamVersion: 2n ** 62n + 3n }), counted('b', 4, { streamVersion: 2n })]),
      );
      assert.deepEqual(await kept(), [
        [3, 2n ** 62n + 3n],
        [4, 2n],
      ]);
    },
  },
  {
    title: 'a row that several streams feed has no version, and leaves nothing behind',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable({ order: 'any' });
      await storage.readModels.prepare(table);
      await owner.transaction((tx) => tx.write(table, [counted('a', 1)]));
      await owner.transaction((tx) => tx.write(table, [gone('a', true)]));
      assert.deepEqual(await owner.read(table, 'a'), [{ row: null, streamVersion: 0n }]);
    },
  },
  {
    title: 'tenants, versions and awkward keys are rows of their own',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable();
      const next: RowTable = { ...table, version: 2 };
      await Promise.all([table, next].map((one) => storage.readModels.prepare(one)));
      const keys = [
        "it's",
        'a"b',
        'a%',
        'a_',
        'a\\',
        'a/b',
        ' a',
        'a',
        'A',
        'ß',
        'ss',
        'é',
        'e\u0301',
        '🙂',
        '$1',
        'null',
        '',
        'x'.repeat(1000),
      ];
      const all = ['', 'a', 'b'].flatMap((tenant) => keys.map((key) => ({ tenant, key })));
      await owner.transaction((tx) =>
        tx.write(
          table,
          all.map((at, index) => ({ ...counted(at.key, index), ...at })),
        ),
      );
      const kept = await owner.transaction((tx) => tx.read(table, all, { lock: true }));
      assert.deepEqual(
        kept.map(({ row }) => row?.['count']),
        all.map((_, index) => index),
      );
      const others = await owner.transaction((tx) => tx.read(next, all, { lock: false }));
      assert.ok(
        others.every(({ row }) => row === null),
        'the next version begins empty',
      );
    },
  },
  {
    title: 'what is done to a row afterwards reaches nobody',
    run: async () => {
      const storage = await open();
      const owner = await newOwner(storage);
      const table = newTable({ columns: { id: t.string(), at: t.timestampMillis(), list: t.array(t.string()) } });
      await storage.readModels.prepare(table);
      const row = { id: 'a', at: new Date(0), list: ['x'] };
      await owner.transaction((tx) => tx.write(table, [inserted(row)]));
      row.at.setTime(1);
      row.list.push('y');
      const [first] = await owner.read(table, 'a');
      const read = first?.row as typeof row;
      read.at.setTime(2);
      assert.deepEqual(comparable((await owner.read(table, 'a'))[0]?.row), { id: 'a', at: new Date(0), list: ['x'] });
    },
  },
];
