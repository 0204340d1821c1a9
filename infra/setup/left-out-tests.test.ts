import { expect, test } from 'vitest';
import { namesFor } from './left-out-tests.ts';

test('only what is left out by its title is left out, and only on its server', () => {
  const [pooled, old] = [new RegExp(namesFor('pgbouncer')), new RegExp(namesFor('postgres15'))];
  expect(pooled.test('a file many processes migrate a large log at once, and what …')).toBe(false);
  expect(old.test('a file many processes migrate a large log at once, and what …')).toBe(true);
  for (const names of [pooled, old]) expect(names.test('L13 tenants (with brackets) are apart')).toBe(true);
});

test('a server from which nothing is left out by title runs all', () => {
  expect(new RegExp(namesFor('another')).test('whatever')).toBe(true);
});
