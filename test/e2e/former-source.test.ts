import { encodeEvent, event, streamRef, t, uuidV7, type EventId } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { memoryBroker } from '@leftfold/memory';
import { applyMigrations, postgres } from '@leftfold/postgres';
import {
  discardFormerParked,
  follow,
  followerLag,
  park,
  projection,
  projectionStatus,
  relay,
} from '@leftfold/subscriptions';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';

const listed = event('tests.thing.listed', { what: t.string() });
const things = projection('things', {
  version: 1,
  key: 'id',
  row: { id: t.string() },
  recovery: { live: park() },
}).insert(listed, ({ data, stream }) => {
  if (data.what === 'poison') throw new Error('no');
  return { id: stream.key };
});

test('a projection that was moved from the log to a broker is measured there; what it had parked before is shown, and discarded by a projector’s login with a note of each event', async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const open = (options: { readonly options?: string } = {}): Pool => {
    const pool = new Pool({ connectionString: url, ...options });
    onTestFinished(() => pool.end());
    return pool;
  };
  const pool = open();
  await applyMigrations(pool);
  const storage = postgres({ pool });
  for (const what of ['poison', 'pen']) {
    const one = encodeEvent(listed, listed({ what }), uuidV7() as EventId, { correlationId: 'test' });
    await storage.store.append([{ stream: streamRef('tests.thing', what), expect: 'absent', events: [one] }]);
  }
  const broker = memoryBroker({ partitions: 1 });
  const relaying = await relay({ storage, to: broker, service: 'tests' });
  onTestFinished(() => relaying.stop());
  await relaying.caughtUp();
  for (const from of [storage.log, broker.source]) {
    const running = await follow(things, { from, storage });
    await running.caughtUp();
    await running.stop();
  }
  const measured = { from: broker.source };
  expect(await followerLag(storage, things, measured)).toMatchObject({ events: 0 });
  const lanes = async () => (await projectionStatus(storage, [{ follower: things, ...measured }]))[0]?.lanes;
  expect(await lanes()).toMatchObject([{ parkedKeys: 1 }, { lane: '0', isFormer: true, parkedKeys: 1 }]);

  const why = { by: 'ann', reason: 'moved' };
  const asProjector = postgres({ pool: open({ options: '-c role=leftfold_projector' }) });
  expect(await discardFormerParked(asProjector, things, { ...measured, ...why })).toBe(1);
  expect(await lanes()).toMatchObject([{ parkedKeys: 1 }]);
  expect(await storage.parked.notes(things, { limit: 10 })).toMatchObject([{ lane: '0', kind: 'discarded', ...why }]);
});
