import { expect, test } from 'vitest';
import { SharedLook } from './shared-look.ts';

/** Looks that answer how many have begun, once they are told to end. */
function scene() {
  const looks: PromiseWithResolvers<void>[] = [];
  const look = new SharedLook(async () => {
    const { length } = looks;
    const ended = Promise.withResolvers<void>();
    looks.push(ended);
    await ended.promise;
    return length;
  });
  const begun = async (count: number): Promise<void> => {
    for (let turn = 0; looks.length < count && turn < 100; turn++) await Promise.resolve();
    expect(looks).toHaveLength(count);
  };
  return { look, looks, begun };
}

test('who asks before a look has begun shares it', async () => {
  const { look, looks, begun } = scene();
  const asked = [look.ask(), look.ask(), look.ask()];
  await begun(1);
  looks[0]?.resolve();
  expect(await Promise.all(asked)).toEqual([0, 0, 0]);
  expect(looks).toHaveLength(1);
});

test('who asks while one is under way is answered by the next, which begins when that has ended', async () => {
  const { look, looks, begun } = scene();
  const first = look.ask();
  await begun(1);
  const others = [look.ask(), look.ask()];
  await Promise.resolve();
  expect(looks).toHaveLength(1);
  looks[0]?.resolve();
  expect(await first).toBe(0);
  await begun(2);
  looks[1]?.resolve();
  expect(await Promise.all(others)).toEqual([1, 1]);
});

test('a look that fails does so for those whom it was for, and the next one is made all the same', async () => {
  const { look, looks, begun } = scene();
  const first = look.ask();
  await begun(1);
  const second = look.ask();
  looks[0]?.reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await begun(2);
  looks[1]?.resolve();
  expect(await second).toBe(1);
});
