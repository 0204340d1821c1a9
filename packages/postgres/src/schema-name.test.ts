import { expect, test } from 'vitest';
import { quoted, schemaName } from './schema-name.ts';

test('the schema is leftfold unless it is named', () => {
  expect(schemaName()).toBe('leftfold');
  expect(schemaName('orders_2')).toBe('orders_2');
});

test.each(['', 'Orders', '1st', 'a-b', 'a"; drop table x; --', 'pg_orders', 'é', 'a'.repeat(64)])(
  'the schema name %j is refused',
  (name) => {
    expect(() => schemaName(name)).toThrow(expect.objectContaining({ code: 'LF_SCHEMA_NAME_INVALID' }));
  },
);

test('a quoted identifier keeps its quotes', () => {
  expect(quoted('a"b')).toBe('"a""b"');
});
