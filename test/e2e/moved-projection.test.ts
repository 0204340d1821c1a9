import { randomUUID } from 'node:crypto';
import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, NewEvent } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { kafka } from '@leftfold/kafka';
import { applyMigrations, postgres, readModels, type PostgresStorage } from '@leftfold/postgres';
import { follow, jsonCodec, projection, relay } from '@leftfold/subscriptions';
import type { Running, Source } from '@leftfold/subscriptions';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';

const opened = event('tests.account.opened', { owner: t.string() });
const moved = event('tests.account.moved', { cents: t.integer() });
/** Nobody handles it. */
const seen = event('tests.account.seen', {});
const closed = event('tests.account.closed', {});

/** Strict verbs: an event that is skipped, doubled or out of order is a fault or another line. */
const accounts = projection('accounts', {
  version: 1,
  key: 'account',
  row: { account: t.string(), lines: t.string() },
})
  .insert(opened, ({ stream }) => ({ account: stream.key, lines: 'opened' }))
  .update(moved, ({ lines }, { data }) => ({ lines: `${lines} ${data.cents}` }))
  .delete(closed);

const ACCOUNTS = 6;

test('one definition moves from the log to Kafka, back, inside appends and back again, while accounts go on: its rows are the fold of the log', async () => {
  const topic = `moved.${randomUUID()}`;
  const pool = new Pool({ connectionString: await createDatabase(inject('postgresUrl')) });
  onTestFinished(() => pool.end());
  await applyMigrations(pool);
  const options = { pool, topic: () => topic };
  const plain = postgres(options);
  const inline = postgres({ ...options, inline: [accounts] });
  const broker = kafka({
    brokers: inject('kafkaBrokers'),
    clientId: topic,
    create: true,
    topics: [{ name: topic, partitions: 2 }],
    codec: jsonCodec(),
  });
  const relaying = await relay({ storage: plain, to: broker, service: 'tests' });
  onTestFinished(() => relaying.stop());

  let n = 0;
  const expected = new Map<string, string>();
  /** Something happens to some accounts. */
  const goOn = async ({ store }: PostgresStorage, upTo = ACCOUNTS): Promise<void> => {
    for (let at = 0; at < upTo; at++) {
      n += 1;
      const account = String(at);
      const lines = expected.get(account);
      const isClosed = lines !== undefined && n % 7 === 0;
      const events =
        lines === undefined ? [opened({ owner: 'x' })] : isClosed ? [closed({})] : [seen({}), moved({ cents: n })];
      await append(store, account, events);
      if (isClosed) expected.delete(account);
      else expected.set(account, lines === undefined ? 'opened' : `${lines} ${n}`);
    }
  };
  const following = (from: Source): Promise<Running> => follow(accounts, { from, storage: plain });
  /** Follows while accounts go on, up to the end. */
  const followed = async (from: Source): Promise<void> => {
    const running = await following(from);
    await goOn(plain);
    await relaying.caughtUp();
    await running.caughtUp();
    await running.stop();
  };
  const isFold = async (): Promise<void> => {
    const db = readModels(pool, [accounts]);
    const rows = await db.selectFrom('accounts').select(['account', 'lines']).orderBy('account').execute();
    expect(rows).toEqual(
      [...expected]
        .map(([account, lines]) => ({ account, lines }))
        .toSorted((a, b) => (a.account < b.account ? -1 : 1)),
    );
  };

  await goOn(plain);
  await followed(plain.log);
  await isFold();
  await goOn(plain);
  await followed(broker.source);
  await isFold();
  await goOn(plain);
  await followed(plain.log);
  await isFold();
  // Half of them are missed by appends, and by the follower that comes back; all are caught up with.
  await goOn(plain, ACCOUNTS / 2);
  await goOn(inline);
  await isFold();
  // At once from everywhere.
  const all = await Promise.all([following(plain.log), goOn(inline)]);
  await goOn(inline);
  await all[0].caughtUp();
  await all[0].stop();
  await isFold();
  // From the start of each.
  await pool.query(`update leftfold.checkpoints set cursor = 'start' where follower = 'accounts'`);
  await followed(broker.source);
  await followed(plain.log);
  await isFold();
});

async function append(store: PostgresStorage['store'], account: string, events: readonly NewEvent[]): Promise<void> {
  const types = [opened, moved, seen, closed];
  const encoded = events.map((of) => {
    const type = types.find((one) => one.type === of.type) ?? seen;
    return encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'test' });
  });
  const outcome = await store.append([{ stream: streamRef('tests.account', account), expect: 'any', events: encoded }]);
  expect(outcome.kind).toBe('appended');
}
