import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { sqlProjection } from '@leftfold/postgres';
import { follow, underClock } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { sql, type Transaction } from 'kysely';
import { expect, test } from 'vitest';
import { freshLog, type FreshLog } from './fresh-log.ts';
import { virtualNow } from './virtual-now.ts';

const happened = event('shop.thing.happened', { n: t.int(), fate: t.string() });
interface Tables {
  seen: { stream: string; version: bigint };
}
/** What becomes of an event: most are applied; some the handler refuses, some a statement, some COMMIT alone. */
const FATES = ['well', 'thrown', 'checked', 'deferred'] as const;

/** One process, up to a stop. */
interface Life {
  readonly batchMs: number;
  readonly concurrency: number;
  readonly takes: 'each' | 'all';
  /** Stops after so many calls of handlers, the last one never. */
  readonly calls: number;
  /** The calls at which a server goes away. */
  readonly away: readonly number[];
}

class Away extends Error {
  readonly code = 'LF_STORAGE_UNAVAILABLE';
  readonly retryable = true;
}

const RUNS = 6;

/** Notes which events it was given, twice if twice. */
function noting({ concurrency, takes, away }: Life, called: (count: number) => void) {
  let calls = 0;
  const one = async (
    { stream, data: { fate } }: { stream: { key: string; version: bigint }; data: { fate: string } },
    db: Transaction<Tables>,
  ): Promise<void> => {
    virtualNow.pass(100);
    called(++calls);
    if (away.includes(calls)) throw new Away();
    if (fate === 'thrown') throw new RangeError('it is ill');
    await sql`insert into seen (stream, version, fate) values (${stream.key}, ${stream.version}, ${fate})`.execute(db);
  };
  const made = sqlProjection('noting', {
    version: 1,
    concurrency,
    create: async (db: Transaction<Tables>) => {
      await sql`create table fates (fate text primary key)`.execute(db);
      await sql`insert into fates values ('well'), ('checked')`.execute(db);
      await sql`create table seen (i int generated always as identity, stream text, version bigint,
        fate text check (fate <> 'checked') references fates (fate) deferrable initially deferred)`.execute(db);
    },
  });
  if (takes === 'each') return made.on(happened, one);
  return made.batch([happened], async (events, db) => {
    for (const each of events) await one(each, db);
  });
}

test('C4 C6 whatever servers do, however long events take and wherever processes stop, each event is applied once and in its order, or parked behind one that cannot be', async () => {
  const life = fc.record({
    batchMs: fc.constantFrom(100, 200, 350, 1_000, 60_000),
    concurrency: fc.constantFrom(1, 1, 3),
    takes: fc.constantFrom('each', 'each', 'all'),
    calls: fc.integer({ min: 1, max: 30 }),
    away: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
  });
  const events = fc.array(
    fc.record({
      stream: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fate: fc.oneof({ weight: 30, arbitrary: fc.constant('well') }, fc.constantFrom(...FATES)),
    }),
    { minLength: 30, maxLength: 90 },
  );
  const lives = fc.array(life, { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(events, lives, async (drawn, processes) => {
      const log = await freshLog({ batchSize: 40 });
      try {
        const expected = await append(log.storage, drawn);
        expect(await played(log, processes)).toEqual(expected);
      } finally {
        await log.end();
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 120_000);

/** What these processes, one after the other, have applied and parked. */
async function played({ storage, pool }: FreshLog, processes: readonly Life[]): Promise<Outcome> {
  for (const [index, process] of processes.entries()) {
    const isLast = index === processes.length - 1;
    const reached = Promise.withResolvers<void>();
    const projected = noting(process, (count) => {
      if (!isLast && count >= process.calls) reached.resolve();
    });
    const running = await underClock(virtualNow.clock, () =>
      follow(projected, { from: storage.log, storage, owner: 'one', batchMs: process.batchMs }),
    );
    await Promise.race([reached.promise, running.caughtUp()]);
    await running.stop();
  }
  const { rows } = await pool.query<{ line: string }>(
    `select stream || ' ' || string_agg(version::text, ' ' order by i) as line from leftfold_noting_v1.seen group by stream order by stream`,
  );
  const follower = { name: 'noting', version: 1 };
  const parked = await storage.parked.list({ follower, limit: 100 });
  const kept = await Promise.all(
    parked.map(async (head) => {
      const waiting = await storage.parked.events(head, { limit: 1_000 });
      return `${head.key.split('-').at(-1)} ${waiting.map(({ envelope }) => envelope.streamVersion).join(' ')}`;
    }),
  );
  return { applied: rows.map(({ line }) => line), kept: kept.toSorted() };
}

/** By stream, the versions. */
interface Outcome {
  readonly applied: readonly string[];
  readonly kept: readonly string[];
}

/** Appends events, and says what must come of them. */
async function append(
  { store }: FreshLog['storage'],
  drawn: readonly { readonly stream: string; readonly fate: string }[],
): Promise<Outcome> {
  for (const [n, { stream, fate }] of drawn.entries()) {
    const encoded = encodeEvent(happened, happened({ n, fate }), uuidV7() as EventId, { correlationId: 'test' });
    await store.append([{ stream: streamRef('shop.thing', stream), expect: 'any', events: [encoded] }]);
  }
  const streams = [...Map.groupBy(drawn, ({ stream }) => stream)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const outcome: { readonly applied: string[]; readonly kept: string[] } = { applied: [], kept: [] };
  for (const [stream, events] of streams) {
    const versions = events.map((_, n) => n + 1);
    const ill = events.findIndex(({ fate }) => fate !== 'well');
    const applied = ill < 0 ? versions : versions.slice(0, ill);
    const kept = versions.slice(applied.length);
    if (applied.length > 0) outcome.applied.push([stream, ...applied].join(' '));
    if (kept.length > 0) outcome.kept.push([stream, ...kept].join(' '));
  }
  return outcome;
}
