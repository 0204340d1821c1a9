import { jsonCodec, relay, RELAY } from '@leftfold/subscriptions';
import type { Broker, Cursor } from '@leftfold/subscriptions';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';
import { relayProcess, type RelayProcess } from './relay-process.ts';

const LEASE_MS = 2_000;

/** A log that is appended to all the time, and the relays that share it. */
interface Scene {
  readonly log: FreshLog;
  /** Starts so many relays more. */
  readonly start: (...owners: string[]) => Promise<RelayProcess[]>;
  /** `a 2, b 2`: who has how many lanes with a running lease. */
  readonly shares: () => Promise<string>;
  /** Ends the appending, and resolves when all of it was sent: gapless, each number for one event, each event once. */
  readonly settle: () => Promise<void>;
}

/** What {@link relayProcess} writes. */
async function relayTables(pool: FreshLog['pool']): Promise<void> {
  await pool.query(
    'create table moves (n bigserial, lane text, cursor text, moved_to text, epoch bigint, owner text, is_saved boolean)',
  );
  await pool.query('create table sent (n bigserial, partition int, sequence bigint, event text, owner text)');
}

async function scene(lanes: number): Promise<Scene> {
  const log = await testLog({ lanes });
  const { pool, storage, url } = log;
  await relayTables(pool);
  let isOver = false;
  let appended = 0;
  const streams = Array.from({ length: 40 }, () => newStream());
  const appending = (async () => {
    while (!isOver) {
      for (const stream of streams.slice(appended % 20, (appended % 20) + 5))
        await storage.store.append([{ stream, expect: 'any', events: newEvents(1) }]);
      appended += 5;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  onTestFinished(async () => {
    isOver = true;
    await appending.catch(() => undefined);
  });
  return {
    log,
    start: (...owners) => Promise.all(owners.map((owner) => relayProcess({ url, owner, lanes, leaseMs: LEASE_MS }))),
    shares: async () => {
      const { rows } = await pool.query<{ readonly owner: string; readonly lanes: number }>(
        `select owner, count(*)::int as lanes from leftfold.checkpoints
         where follower = $1 and lease_until > clock_timestamp() group by owner order by owner`,
        [RELAY.name],
      );
      return rows.map((row) => `${row.owner} ${row.lanes}`).join(', ');
    },
    settle: async () => {
      isOver = true;
      await appending;
      const sent = await eventually(async () => {
        const { rows } = await pool.query<{ readonly events: number }>(
          'select count(distinct event)::int as events from sent',
        );
        return rows[0]?.events === appended ? rows : false;
      });
      expect(sent).toEqual([{ events: appended }]);
      // As a consumer takes them: what it has seen it drops, and each number is one event, whoever sent it.
      const { rows: doubled } = await pool.query(
        `select partition, sequence from sent group by partition, sequence having count(distinct event) > 1
         union all select 0, count(*) from sent group by event having count(distinct (partition, sequence)) > 1`,
      );
      expect(doubled).toEqual([]);
      const { rows: gaps } = await pool.query(
        `select * from (select partition, sequence, row_number() over (partition by partition order by min(n)) as nth
           from sent group by partition, sequence) as first where sequence <> nth`,
      );
      expect(gaps).toEqual([]);
      const { rows: twice } = await pool.query(
        `select lane, cursor from moves where is_saved and cursor <> moved_to group by lane, cursor having count(*) > 1`,
      );
      expect(twice).toEqual([]);
    },
  };
}

test.each([
  [4, 2, 'a 2, b 2', 'b 4'],
  [4, 3, ['a 2, b 1, c 1', 'a 1, b 2, c 1', 'a 1, b 1, c 2'], 'b 2, c 2'],
  [8, 2, 'a 4, b 4', 'b 8'],
  [16, 3, ['a 6, b 5, c 5', 'a 5, b 6, c 5', 'a 5, b 5, c 6'], 'b 8, c 8'],
])(
  'R3 %i lanes are spread over %i relays in processes of their own; those of one that is killed go to the others',
  async (lanes, relays, shared, afterwards) => {
    const { start, shares, settle } = await scene(lanes);
    const [first] = await start(...['a', 'b', 'c'].slice(0, relays));
    await eventually(async () => [shared].flat().includes(await shares()), { timeoutMs: 30_000 });
    await first?.kill();
    await eventually(async () => (await shares()) === afterwards, { timeoutMs: 30_000 });
    await settle();
  },
);

test('R4 a relay that wakes after its lease has lost its lanes: its moves fail, its late records are known', async () => {
  const { start, shares, settle, log } = await scene(4);
  const [first, second] = await start('a', 'b');
  await eventually(async () => (await shares()) === 'a 2, b 2', { timeoutMs: 30_000 });
  const { checkpoints } = log.storage;
  const before = await checkpoints.list(RELAY);
  first?.freeze();
  await eventually(async () => (await shares()) === 'b 4', { timeoutMs: 30_000 });
  // What it may be about to do when it wakes.
  const lost = before.find(({ owner }) => owner === 'a');
  const now = (await checkpoints.list(RELAY)).find(({ lane }) => lane === lost?.lane);
  if (lost === undefined || now === undefined) throw new Error('it had no lane');
  const move = checkpoints.save({ ...lost, follower: RELAY }, { from: now.cursor, to: now.cursor as Cursor });
  await expect(move).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
  first?.thaw();
  await eventually(async () => (await shares()) === 'a 2, b 2', { timeoutMs: 30_000 });
  // From place to place epochs never fall: nothing was saved by the one that had been succeeded, once another had begun. Not by `n`: who freezes between a save
  // and its note has noted it late.
  const { rows: late } = await log.pool.query(
    `select m.lane from moves as m join moves as earlier on earlier.lane = m.lane and earlier.moved_to = m.cursor
      where m.is_saved and earlier.is_saved and earlier.epoch > m.epoch
        and (m.cursor <> m.moved_to or earlier.cursor <> earlier.moved_to)`,
  );
  expect(late).toEqual([]);
  await second?.stop();
  await eventually(async () => (await shares()) === 'a 4', { timeoutMs: 30_000 });
  await settle();
});

test('a relay that stands by has no lane, and has them all as soon as the one that worked has stopped', async () => {
  const { start, shares, settle, log } = await scene(1);
  const [first] = await start('z');
  await eventually(async () => (await shares()) === 'z 1');
  await start('a');
  await eventually(async () => {
    const { rows } = await log.pool.query('select owner from leftfold.members order by owner');
    return rows.length === 2;
  });
  const epoch = async () => (await log.storage.checkpoints.list(RELAY))[0]?.epoch;
  const before = await epoch();
  await first?.stop();
  await eventually(async () => (await shares()) === 'a 1', { timeoutMs: 30_000 });
  expect(await epoch()).toBe((before ?? 0n) + 1n);
  const { rows } = await log.pool.query('select owner from leftfold.members');
  expect(rows).toEqual([{ owner: 'a' }]);
  await settle();
});

test('whoever waits for a relay elsewhere is told, though a place that nothing stands after is not saved anew', async () => {
  const log = await testLog();
  const { pool, storage, url } = log;
  await relayTables(pool);
  await storage.store.append([{ stream: newStream(), expect: 'any', events: newEvents(1) }]);
  await relayProcess({ url, owner: 'a', lanes: 1, leaseMs: LEASE_MS });
  // Before the send, and alone after it.
  await eventually(async () => (await pool.query('select from moves')).rowCount === 2);
  const [saved] = await storage.checkpoints.list(RELAY);
  for (let n = 0; n < 5; n++) await pool.query('select pg_current_xact_id()');
  const to: Broker = {
    source: storage.log,
    publisher: () => Promise.reject(new Error('it has nothing to send')),
    codec: jsonCodec(),
    description: 'none',
  };
  const elsewhere = await relay({ storage, to, service: 'spread', owner: 'b' });
  onTestFinished(() => elsewhere.stop());
  await elsewhere.caughtUp();
  expect(await storage.checkpoints.list(RELAY)).toEqual([saved]);
});
