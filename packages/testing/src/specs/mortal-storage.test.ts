import { uuidV7 } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { Claim, Cursor, Lane, Storage } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { newTable, rowKey } from '../read-models/model-scene.ts';
import { CRASH_STEPS, Life, mortalStorage } from './mortal-storage.ts';

const follower = { name: 'mortal', version: 1 };

async function claimed(storage: Storage): Promise<Claim> {
  const claim = await storage.checkpoints.claim(follower, '0' as Lane, {
    owner: uuidV7(),
    leaseMs: 1_000,
    respectLease: false,
  });
  return claim ?? expect.unreachable('without respectLease a claim is never refused');
}

test.each(CRASH_STEPS)('a process that dies when its transaction is %s leaves all of it, or nothing', async (step) => {
  const storage = memory();
  const table = newTable();
  await storage.readModels.prepare(table);
  const life = new Life();
  const mortal = mortalStorage(storage, life, () => step);
  const claim = await claimed(mortal);
  const steps: string[] = [];

  const transaction = mortal.readModels.transaction(claim, { from: 'start', to: 'done' as Cursor }, async (tx) => {
    steps.push('moved');
    await tx.read(table, [rowKey('a')], { lock: true });
    steps.push('read');
    await tx.write(table, [{ ...rowKey('a'), row: { id: 'a', count: 1 }, streamVersion: 0n, existed: false }]);
    steps.push('written');
  });
  await expect(transaction).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });

  // It came just as far as it was to.
  const come = { unsent: 0, moved: 0, read: 1, written: 2, uncommitted: 3, unheard: 3 }[step];
  expect(steps).toEqual(['moved', 'read', 'written'].slice(0, come));
  const [saved] = await storage.checkpoints.list(follower);
  const rows = await storage.readModels.transaction(
    await claimed(storage),
    { from: saved?.cursor ?? 'start', to: 'seen' as Cursor },
    (tx) => tx.read(table, [rowKey('a')], { lock: false }),
  );
  const isKept = step === 'unheard';
  expect([saved?.cursor, rows[0]?.row?.['count']]).toEqual(isKept ? ['done', 1] : ['start', undefined]);
  // Whatever it does now comes too late.
  expect(life.isOver).toBe(true);
  await expect(mortal.checkpoints.list(follower)).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });
});
