import { randomUUID } from 'node:crypto';
import { kafkaKey, partitionHash, type StreamRef } from '@leftfold/core';
import { thingHappened } from '@leftfold/testing';
import { Pool } from 'pg';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { migrationList } from '../src/migrations/migration-list.ts';
import { runMigrations } from '../src/migrations/run-migrations.ts';
import { freshDatabase } from './fresh-log.ts';

/** What is there to ask and to write with. */
type Asked = Pick<Pool, 'query'>;

/** A log as an earlier version of this package left it: with the first `migrations` of the list. */
export async function earlierLog(migrations: number): Promise<Pool> {
  const pool = new Pool({ connectionString: await freshDatabase(), max: 20 });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  const earlier = migrationList.slice(0, migrations);
  await runMigrations(openDatabase(pool, 'leftfold'), earlier, { withRoles: true });
  return pool;
}

/**
 * Appends as the first version of this package did, to the letter of its statement: what a process that still runs goes on doing while, and after, a newer one
 * migrates.
 * @returns the ids, in order
 */
export async function appendAsBefore(on: Asked, { tenant, id, category }: StreamRef, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const { type, version, fingerprint, avro } = thingHappened;
  await on.query(
    `insert into leftfold.schemas (type, version, fingerprint, avro) values ($1, $2, $3, $4) on conflict do nothing`,
    [type, version, fingerprint, JSON.stringify(avro)],
  );
  await on.query(
    `with head as (
  insert into leftfold.streams as s (tenant, stream_id, category, hash, version)
  select $1::text, $2::text, $3::text, $4::int, $5::int8 where
    (select set_config('lock_timeout', '5s', true) where current_setting('lock_timeout') = '0') is distinct from ''
  on conflict (tenant, stream_id) do update set version = s.version + excluded.version where s.category = excluded.category
  returning s.version, s.hash
), written as (
  insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select head.version - $5::int8 + e.nth, e.id, head.hash, (select id from leftfold.schemas limit 1), $1, $2, $3, $3, '{"what":"it"}', '{}'
  from head, unnest($6::uuid[]) with ordinality as e(id, nth)
  order by e.nth
)
select version, pg_current_xact_id()::text as xid from head`,
    [tenant, id, category, partitionHash(kafkaKey(tenant, id)), count, ids],
  );
  return ids;
}

/** Stores an answer as it always was. */
export async function replyAsBefore(on: Asked, key: string): Promise<void> {
  await on.query(
    `insert into leftfold.replies (tenant, key, request_hash, reply, versions, token, expires_at)
     values ('', $1, 'hash', '{"answer":1}', '{2}', 'token', clock_timestamp() + interval '1 day')`,
    [key],
  );
}

/** Moves a checkpoint to the end of all that is visible now, in the form in which the first version wrote a cursor. */
export async function checkpointAsBefore(on: Asked, follower: string): Promise<void> {
  await on.query(
    `insert into leftfold.checkpoints (follower, version, lane, cursor, epoch)
     select $1, 1, '0', '1/' || id || '/' || generation || '/' || reach || ':' || reach || ':/-/0', 3
     from leftfold.log, (select max(xid::text::bigint) + 1 as reach from leftfold.events) as seen`,
    [follower],
  );
}
