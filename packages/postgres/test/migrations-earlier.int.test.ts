import type { StreamVersion } from '@leftfold/core';
import { postgres, applyMigrations, assertMigrated } from '@leftfold/postgres';
import type { Cursor, Lane } from '@leftfold/subscriptions';
import { newEvents, newStream, readIds } from '@leftfold/testing';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { migrationList } from '../src/migrations/migration-list.ts';
import { describeSchema } from './describe-schema.ts';
import { appendAsBefore, checkpointAsBefore, earlierLog, replyAsBefore } from './earlier-log.ts';
import { freshLog, poolerOptions } from './fresh-log.ts';
import { readToEnd } from './read-to-end.ts';

const LANE = '0' as Lane;
const earlier = migrationList.slice(0, -1).map(({ number, name }) => ({ number, name }));

/** All rows of what an earlier version wrote. */
async function rowsOf(pool: Pool): Promise<unknown> {
  const columns =
    'position, xid, version, recorded_at, event_id, hash, schema_id, tenant, stream_id, category, topic, payload::text, metadata::text';
  const [events, streams, replies, checkpoints, log] = await Promise.all(
    [
      `select ${columns} from leftfold.events order by position`,
      'select * from leftfold.streams order by tenant, stream_id',
      'select * from leftfold.replies order by key',
      'select follower, version, lane, cursor, epoch from leftfold.checkpoints order by follower',
      'select id, generation from leftfold.log',
    ].map(async (sql) => (await pool.query(sql)).rows),
  );
  return { events, streams, replies, checkpoints, log };
}

test.each(earlier)(
  'a log as migration $number, $name, left it is read, written and followed after the later ones',
  async ({ number }) => {
    const pool = await earlierLog(number);
    const [old, other] = [newStream(), newStream('conformance.other', 'acme')];
    const ids = await appendAsBefore(pool, old, 3);
    const otherIds = await appendAsBefore(pool, other, 600);
    await replyAsBefore(pool, 'answered');
    await checkpointAsBefore(pool, 'follower');
    const before = await rowsOf(pool);

    await applyMigrations(pool);

    await assertMigrated(pool);
    expect(await rowsOf(pool)).toEqual(before);
    const { store, log, checkpoints } = postgres({ ...poolerOptions, pool });
    expect(await readIds(store, old)).toEqual(ids);
    expect(await readIds(store, other)).toEqual(otherIds);
    expect(await store.reply({ tenant: '', key: 'answered' })).toMatchObject({ reply: '{"answer":1}', versions: [2n] });

    const added = [...newEvents(1), ...newEvents(1), ...newEvents(1)];
    for (const [i, expectation] of ([3n as StreamVersion, 'present', 'any'] as const).entries()) {
      const outcome = await store.append([{ stream: old, expect: expectation, events: added.slice(i, i + 1) }]);
      expect(outcome).toMatchObject({ kind: 'appended', versions: [BigInt(4 + i)] });
    }
    const stale = { stream: other, expect: 3n as StreamVersion, events: newEvents(1) };
    expect(await store.append([stale])).toMatchObject({ kind: 'conflict', actual: 600n });
    await store.append([{ stream: newStream(), expect: 'absent', events: added.slice(0, 0) }], {
      reply: { tenant: '', key: 'new', requestHash: 'hash', reply: '1', keepMs: 60_000 },
    });

    const all = await readToEnd(log);
    expect(all.records.map(({ id }) => id).toSorted()).toEqual(
      [...ids, ...otherIds, ...added.map(({ id }) => id)].toSorted(),
    );
    const options = { owner: 'test', leaseMs: 10_000, respectLease: true };
    const claim = await checkpoints.claim({ name: 'follower', version: 1 }, LANE, options);
    const since = await readToEnd(log, claim?.cursor);
    expect(since.records.map(({ id }) => id)).toEqual(added.map(({ id }) => id));
    if (claim !== undefined) await checkpoints.save(claim, { from: claim.cursor, to: since.cursor as Cursor });
  },
);

test.each(earlier)(
  'migrated from $number on, the schema is the one that a first installation makes',
  async ({ number }) => {
    const pool = await earlierLog(number);
    await appendAsBefore(pool, newStream(), 1);
    await applyMigrations(pool);
    const fresh = await freshLog();
    try {
      expect(await describeSchema(pool)).toEqual(await describeSchema(fresh.pool));
    } finally {
      await fresh.end();
    }
  },
);
