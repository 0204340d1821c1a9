import { setImmediate } from 'node:timers/promises';
import { memory } from '@leftfold/memory';
import { reaction } from '@leftfold/subscriptions';
import type { Batch, Cursor, Source } from '@leftfold/subscriptions';
import { expect, test, vi } from 'vitest';
import { following, recorder, sell } from './reaction-scene.ts';
import { paid } from './shop.ts';

// A source may cut its batches otherwise than before: a fetch of Kafka's is larger or smaller each time.

/** The log, in batches of so many. */
function inBatchesOf(most: number, log: Source): Source {
  const run: Source['run'] = (reader, signal) =>
    log.run(
      {
        ...reader,
        handle: async (batch, stopping) => {
          let from = batch.from;
          for (let begun = 0; ; begun += most) {
            const left = batch.records.length - begun;
            const records = batch.records.slice(begun, begun + most);
            const to = left <= most ? batch.to : (batch.after?.(begun + most) as Cursor);
            const part: Batch = { lane: batch.lane, records, from, at: begun === 0 ? batch.at : (from as Cursor), to };
            await reader.handle(part, stopping);
            if (left <= most) return;
            from = to;
          }
        },
      },
      signal,
    );
  const { name, ownership } = log;
  return {
    name,
    ownership,
    run,
    head: () => log.head(),
    restore: (kept, signal) => log.restore(kept, signal),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
  };
}

test('what was done of a batch is not done again after a stop, though the source cuts smaller batches then', async () => {
  const storage = memory();
  const mail = recorder();
  let isHanging = true;
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, async (event, effect) => {
    if (event.data.cents === 3 && isHanging)
      await new Promise((_, reject) =>
        effect.signal.addEventListener('abort', () => reject(effect.signal.reason as Error)),
      );
    await setImmediate();
    await mail.on(event, effect);
  });
  await sell(storage, 'o1', 1, 2, 3);
  await sell(storage, 'o2', 11, 12, 13);
  const first = await following(definition, { from: storage.log, storage });
  await vi.waitUntil(() => mail.seen.length === 5, { timeout: 20_000 });
  await first.stop();
  isHanging = false;
  const next = await following(definition, { from: inBatchesOf(1, storage.log), storage });
  await next.caughtUp();
  await sell(storage, 'o1', 4);
  await sell(storage, 'o2', 14);
  await next.caughtUp();
  expect(mail.seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 11, 12, 13, 14]);
  await next.stop();
  const [place] = await storage.checkpoints.list({ name: 'mail', version: 0 });
  expect(place?.ledger, 'and nothing is remembered for longer than it takes').toEqual({ source: 'log' });
});
