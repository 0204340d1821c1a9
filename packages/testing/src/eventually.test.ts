import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';

test('answers what the check answers once it no longer throws', async () => {
  let looks = 0;
  const answer = await eventually(() => {
    if (++looks < 4) throw new Error('not yet');
    return 'there';
  });
  expect([answer, looks]).toEqual(['there', 4]);
});

test('false means not yet, other empty answers are answers', async () => {
  let looks = 0;
  expect(await eventually(() => ++looks > 2)).toBe(true);
  expect(await eventually(() => undefined)).toBeUndefined();
});

test('gives up with what was wrong last', async () => {
  const waiting = eventually(() => Promise.reject(new Error('one row is missing')), { timeoutMs: 5 });
  await expect(waiting).rejects.toThrow('still not so after 5 ms: one row is missing');
  await expect(eventually(() => false, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});
