import { once } from 'node:events';
import { memory } from '@leftfold/memory';
import { follow, type Lane, type Source } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { elsewhere, noted, notes, rowsOf, stopped, write } from './desk.ts';

test('a lane that the source takes away while it is being claimed is given back, and another process goes on with it', async () => {
  const storage = memory();
  const one = elsewhere(storage);
  const [begun, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const claim = one.checkpoints.claim.bind(one.checkpoints);
  one.checkpoints.claim = async (...asked) => {
    begun.resolve();
    await answered.promise;
    return claim(...asked);
  };
  // As a consumer group does that gives the partition to somebody else.
  const run: Source['run'] = async (reader, signal) => {
    const assigned = new AbortController();
    const place = reader.from('0' as Lane, AbortSignal.any([signal, assigned.signal]));
    await begun.promise;
    assigned.abort(new Error('revoked'));
    await expect(place).rejects.toThrow('revoked');
    reader.lost?.('0' as Lane);
    answered.resolve();
    if (!signal.aborted) await once(signal, 'abort');
  };
  const source = new Proxy<Source>(storage.log, {
    get: (log, name: keyof Source) => {
      if (name === 'run') return run;
      const member: unknown = log[name];
      return typeof member === 'function' ? (member.bind(log) as unknown) : member;
    },
  });
  stopped(await follow(notes, { from: source, storage: one, owner: 'one', leaseMs: 1_000 }));
  await answered.promise;
  await write(storage, 'a', noted({ text: 'x' }));
  const other = stopped(
    await follow(notes, { from: storage.log, storage: elsewhere(storage), owner: 'other', leaseMs: 1_000 }),
  );
  await other.caughtUp({ timeoutMs: 10_000 });
  expect(rowsOf(storage, notes)).toEqual([{ id: 'a', text: 'x' }]);
});
