import { startPostgres, type PostgresServer } from '@leftfold/infra';
import { newEvents, newStream } from '@leftfold/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, freshLog } from './fresh-log.ts';
import { nameOf, readToEnd } from './read-to-end.ts';

const ATTEMPTS = 5;

let server: PostgresServer;
beforeAll(async () => {
  // What nobody waits for is not flushed by the way, so that a crash forgets it.
  server = await startPostgres({ own: true, settings: { wal_writer_delay: '10s', autovacuum: 'off' } });
});
afterAll(() => server.stop());

test('L18 ids that a crash hands out again are not taken for seen by a cursor that was kept outside', async () => {
  for (let attempt = 1; ; attempt++) {
    const log = await freshLog({ url: await freshDatabase(server.url) });
    const [before, after] = [newStream(), newStream()];
    await log.storage.store.append([{ stream: before, expect: 'absent', events: newEvents(1) }]);
    const client = await log.connect();
    for (let i = 0; i < 100; i++) {
      await client.query('begin; select pg_current_xact_id(); rollback');
      await client.query('select pg_current_xact_id()');
    }
    const first = await readToEnd(log.storage.log);
    expect(first.records.map(nameOf)).toEqual([`${before.id}@1`]);
    const nextId = async (): Promise<bigint> =>
      BigInt((await log.pool.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next')).rows[0].next);
    const reached = await nextId();

    await server.crash();
    await server.restart();

    const again = await nextId();
    await log.storage.store.append([{ stream: after, expect: 'absent', events: newEvents(1) }]);
    const second = await readToEnd(log.storage.log, first.cursor);
    await log.end();
    expect(second.records.map(nameOf)).toEqual([`${after.id}@1`]);
    // Something else may have flushed the log's end meanwhile; then nothing was forgotten, and nothing shown.
    if (again < reached - 100n) return;
    expect(attempt, 'crashes that forgot no ids').toBeLessThan(ATTEMPTS);
  }
});

test.each([1, 2])(
  'L18 events of %i streams that a transaction with synchronous_commit off appended outlive a crash once they were read',
  async (streams) => {
    const log = await freshLog({ url: await freshDatabase(server.url) });
    const client = await log.connect();
    await client.query('begin; set local synchronous_commit = off');
    await log.storage.store
      .within(client)
      .append(Array.from({ length: streams }, () => ({ stream: newStream(), expect: 'absent', events: newEvents(1) })));
    await client.query('commit');
    const seen = await readToEnd(log.storage.log);
    expect(seen.records).toHaveLength(streams);

    await server.crash();
    await server.restart();

    const left = await readToEnd(log.storage.log);
    await log.end();
    expect(left.records.map(nameOf)).toEqual(seen.records.map(nameOf));
  },
);
