import { expect, test } from 'vitest';
import { causeColumns } from './parked-rows.ts';

test('C7 whatever a handler has thrown can be stored: Postgres takes no NUL and no half of a surrogate pair, and nobody needs a megabyte', () => {
  const text = 'a\0b \ud800 🙂';
  const { code, cause, stack } = causeColumns({ code: 'E\0', text, stack: 'x'.repeat(1_000_000) });
  expect([code, cause]).toEqual(['E\ufffd', 'a\ufffdb \ufffd 🙂']);
  expect(stack).toHaveLength(20_000);
});

test('C7 a text that is cut in the midst of a pair is still one', () => {
  const { cause } = causeColumns({ code: 'E', text: `${'x'.repeat(19_999)}🙂` });
  expect(cause.isWellFormed()).toBe(true);
});
