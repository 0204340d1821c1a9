import { memory } from '@leftfold/memory';
import { followerLag, followReaction, projectionStatus, reaction, reactionFollower } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { anotherProcess, frailProcess } from './another-process.ts';
import { following, recorder, sell } from './reaction-scene.ts';
import { paid } from './shop.ts';

test("C12 a reaction from 'now' is behind from where it begins, also before it has read anything, and never by the whole log", async () => {
  const storage = memory({ lanes: 2 });
  const mail = recorder();
  const definition = reaction('mail', { replay: 'skip' }).on(paid, mail.on);
  const follower = reactionFollower(definition);
  await sell(storage, 'o1', 1, 2, 3);
  expect(await followerLag(storage, follower), 'before its first start').toMatchObject({ events: 0, oldestMs: 0 });
  // It starts, and is killed before it has claimed a lane.
  const first = frailProcess(storage);
  const { log } = storage;
  const idle = {
    name: log.name,
    ownership: log.ownership,
    head: () => log.head(),
    run: () => new Promise<void>(() => {}),
  };
  await followReaction(definition, {
    from: Object.assign(Object.create(log) as typeof log, idle),
    storage: first.storage,
  });
  first.kill();
  expect(await followerLag(storage, follower)).toMatchObject({ events: 0 });
  await sell(storage, 'o1', 4, 5);
  expect(await followerLag(storage, follower)).toMatchObject({ events: 2 });
  expect(await projectionStatus(storage, [{ follower }])).toMatchObject([{ events: 2 }]);
  const running = await following(definition, { from: log, storage: anotherProcess(storage) });
  await running.caughtUp();
  await running.stop();
  expect(await followerLag(storage, follower)).toMatchObject({ events: 0 });
  expect(mail.seen).toEqual([4, 5]);
});
test("C12 one from 'start' is behind by all there is before its first start", async () => {
  const storage = memory();
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, async () => {});
  await sell(storage, 'o1', 1, 2, 3);
  expect(await followerLag(storage, reactionFollower(definition))).toMatchObject({ events: 3 });
});
