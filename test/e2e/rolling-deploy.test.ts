import { encodeEvent, streamRef, uuidV7, type EventId } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { applyMigrations, postgres } from '@leftfold/postgres';
import { eventually } from '@leftfold/testing';
import { Pool } from 'pg';
import { describe, expect, inject, test, type TestContext } from 'vitest';
import { Pod } from './deploy/pod.ts';
import { CATEGORY, counted, type Release } from './deploy/releases.ts';

const STREAMS = ['a', 'b', 'c'];
const WAIT = { timeoutMs: 40_000 };

/** A service that takes orders all the time, while its releases come and go. */
async function service({ onTestFinished }: TestContext) {
  const url = await createDatabase(inject('postgresUrl'));
  const pool = new Pool({ connectionString: url, max: 4 });
  await applyMigrations(pool);
  const { store, versions } = postgres({ pool });
  const pods: Pod[] = [];
  let [appended, isOver] = [0, false];
  const append = async (): Promise<void> => {
    for (const key of STREAMS) {
      const event = encodeEvent(counted, counted({ by: 1 }), uuidV7() as EventId, { correlationId: 'c' });
      await store.append([{ stream: streamRef(CATEGORY, key, ''), expect: 'any', events: [event] }]);
    }
    appended += 1;
  };
  for (let n = 0; n < 20; n++) await append();
  const appending = (async () => {
    while (!isOver) await append();
  })();
  onTestFinished(async () => {
    isOver = true;
    await appending;
    const ends = await Promise.all(pods.map((pod) => pod.stop()));
    await pool.end();
    expect(ends.filter((end) => end !== '')).toEqual([]);
    expect(pods.flatMap(({ said }) => said.failures)).toEqual([]);
  });
  const start = (role: 'projector' | 'api', release: Release): Pod => {
    const pod = new Pod(url, role, release);
    pods.push(pod);
    return pod;
  };
  return {
    start,
    states: async () => (await versions.list('tallies')).map(({ version, state }) => [version, state]),
    ready: (...waited: readonly Pod[]) => eventually(() => waited.every(({ said }) => said.isReady), WAIT),
    /** Until what it reads holds all that was appended before this call, each event counting so much. */
    fresh: async (pod: Pod, each: number): Promise<void> => {
      const wanted = appended * each;
      const { reads } = pod.said;
      await eventually(() => {
        const { rows, reads: now } = pod.said;
        // Of another fold it would be more than there is, or less than there was.
        const isFresh = rows.every(({ sum }) => sum >= wanted && sum % each === 0 && sum / each <= appended + 1);
        return now > reads && rows.length === STREAMS.length && isFresh;
      }, WAIT);
    },
  };
}

// Beside each other: what takes time is processes that start, and looks a few seconds apart.
describe.concurrent('a rolling deploy, and the way back', () => {
  test('changed columns: an old and a new release read each their own while both run, the new one once it is whole; and back again', async (context) => {
    const { start, ready, fresh, states } = await service(context);
    const old = [start('projector', 'before'), start('api', 'before')] as const;
    await ready(...old);
    await fresh(old[1], 1);

    const api = start('api', 'columns');
    await eventually(() => api.said.looks >= 3, WAIT);
    expect(await states()).toEqual([
      [1, 'live'],
      [2, 'building'],
    ]);
    const projector = start('projector', 'columns');
    await ready(api);
    expect(await states()).toEqual([
      [1, 'live'],
      [2, 'live'],
    ]);
    await Promise.all([fresh(api, 1), fresh(old[1], 1)]);
    expect(api.said.rows.every((row) => 'events' in row)).toBe(true);
    expect(old[1].said.rows.every((row) => !('events' in row))).toBe(true);
    for (const pod of old) await pod.stop();
    await fresh(api, 1);

    // Its place is where it stopped: it catches up from there.
    const back = [start('projector', 'before'), start('api', 'before')] as const;
    await ready(...back);
    for (const pod of [projector, api]) await pod.stop();
    await fresh(back[1], 1);
  }, 120_000);

  test('the same columns folded anew: the old release reads on, whichever is live and fed; and back again, never what nobody feeds', async (context) => {
    const { start, ready, fresh, states } = await service(context);
    const old = [start('projector', 'before'), start('api', 'before')] as const;
    await ready(...old);
    await fresh(old[1], 1);

    // It knows the columns, so it is ready before its own version is.
    const api = start('api', 'fold');
    await ready(api);
    await fresh(api, 1);
    expect(await states()).toEqual([
      [1, 'live'],
      [2, 'building'],
    ]);
    const projector = start('projector', 'fold');
    await Promise.all([fresh(api, 1_000), fresh(old[1], 1_000)]);
    await old[0].stop();
    await Promise.all([fresh(api, 1_000), fresh(old[1], 1_000)]);

    const back = start('projector', 'before');
    await ready(back);
    await projector.stop();
    await Promise.all([fresh(old[1], 1), fresh(api, 1)]);
  }, 120_000);

  test('an index more: the version stays, both releases feed and read it', async (context) => {
    const { start, ready, fresh, states } = await service(context);
    const old = [start('projector', 'before'), start('api', 'before')] as const;
    await ready(...old);
    await fresh(old[1], 1);
    const young = [start('projector', 'index'), start('api', 'index')] as const;
    await ready(...young);
    await Promise.all([fresh(young[1], 1), fresh(old[1], 1)]);
    await old[0].stop();
    await Promise.all([fresh(young[1], 1), fresh(old[1], 1)]);
    const back = start('projector', 'before');
    await ready(back);
    await young[0].stop();
    await Promise.all([fresh(young[1], 1), fresh(old[1], 1)]);
    expect(await states()).toEqual([[1, 'live']]);
  }, 120_000);
});
