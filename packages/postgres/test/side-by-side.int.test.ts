import { event } from '@leftfold/core';
import { AheadOfCheckpoint, applySideBySide, recoveryOf } from '@leftfold/subscriptions';
import type { BatchPlace, FoldEvent, OwnProjection, ReadModels, StreamFailed } from '@leftfold/subscriptions';
import { sqlProjection } from '@leftfold/postgres';
import fc from 'fast-check';
import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { postgresReadModels } from '../src/read-models/postgres-read-models.ts';
import { poolerOptions } from './fresh-log.ts';
import { losingCommit } from './losing-commit.ts';
import { cursorAt, openFixture, Owner, waitingForLock, type Fixture } from './read-model-fixture.ts';
import { streamEvents } from './stream-events.ts';

const happened = event('shop.order.happened', {});
interface Tables {
  applied: { n: number; stream: string; version: bigint };
}

let fixture: Fixture;
let round = 0;
let name: string;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());
beforeEach(() => {
  name = `beside-${++round}`;
});

/** What handlers do besides noting each event they were given. */
type Also = (event: { readonly key: string; readonly version: number }) => Promise<void> | void;

/** A projection that notes in which order it was given which events, twice if twice. */
async function noting(concurrency: number, also: Also = () => {}): Promise<OwnProjection> {
  const made = sqlProjection(name, {
    version: 1,
    concurrency,
    create: async (db: Transaction<Tables>) =>
      void (await sql`create table applied (n int generated always as identity, stream text, version bigint)`.execute(
        db,
      )),
  }).on(happened, async ({ stream: { key, version } }, db) => {
    await db
      .insertInto('applied')
      .values({ stream: key, version } as never)
      .execute();
    await also({ key, version: Number(version) });
  });
  await fixture.readModels.prepare(made.tables);
  return made;
}
const given = (text: string): readonly FoldEvent[] => streamEvents(happened, text);
async function applied(): Promise<string> {
  const text = `select stream || version as event from leftfold_${name.replace('-', '_')}_v1.applied order by stream, n`;
  return (await fixture.onlooker.query<{ event: string }>(text)).rows.map(({ event: each }) => each).join(' ');
}
const claimed = (by = 'the owner'): Promise<Owner> => Owner.follower(fixture, { name, version: 1 }, '0', by);

/** Nobody waits for it to end. */
const unhurried: Pick<BatchPlace, 'pace' | 'interrupted'> = {
  pace: { size: 16, learn: (_, call) => call() },
  interrupted: new AbortController().signal,
};

/** A batch of an owner, as the loop does it. */
async function batch(
  owner: Owner,
  projection: OwnProjection,
  events: readonly FoldEvent[],
  { readModels = fixture.readModels, ahead }: { readModels?: ReadModels; ahead?: AheadOfCheckpoint } = {},
): Promise<readonly StreamFailed[]> {
  const known = ahead ?? (await AheadOfCheckpoint.load(readModels, owner.claim));
  const place = { readModels, claim: owner.claim, from: owner.saved, ahead: known, isRefusal, ...unhurried };
  const failed = await applySideBySide(projection, place, events);
  const covered = known.covered(events);
  await owner.batch((tx) => tx.forgetAhead(covered));
  known.forgotten(covered);
  return failed;
}

/** As the loop tells a fault of the handlers' own. */
const isRefusal = (error: unknown): boolean => recoveryOf(error) === 'stop';

/** A fault of a server, as far as the loop can tell. */
class Away extends Error {
  readonly code = 'LF_STORAGE_UNAVAILABLE';
  readonly retryable = true;
}

describe('streams side by side', () => {
  test('as many as declared are under way at once, and each has its events in order', async () => {
    const all = barrier(3);
    const projection = await noting(3, ({ version }) => (version === 1 ? all() : undefined));
    expect(await batch(await claimed(), projection, given('a1 b1 a2 c1 c2 a3'))).toEqual([]);
    expect(await applied()).toBe('a1 a2 a3 b1 c1 c2');
  });

  test('C4 what was applied when a server went away is applied once, whatever the next owner’s batch is cut to', async () => {
    let isAway = true;
    const projection = await noting(2, ({ key, version }) => {
      if (isAway && key === 'b' && version === 2) throw new Away();
    });
    const first = await claimed();
    await expect(batch(first, projection, given('a1 b1 a2 b2 c1'))).rejects.toBeInstanceOf(Away);
    // Whether the third stream was begun by then is nobody's promise.
    expect(await applied()).toMatch(/^a1 a2( c1)?$/);
    expect(await first.cursor()).toBe('start');
    isAway = false;
    const next = await claimed('the next');
    await batch(next, projection, given('a1 b1 a2'));
    await batch(next, projection, given('b2 c1 a3'));
    expect(await applied()).toBe('a1 a2 a3 b1 b2 c1');
    expect(await fixture.readModels.appliedAhead(next.claim)).toEqual([]);
  });

  test('C4 a COMMIT without an answer is no riddle: its owner claims again, and repeats nothing', async () => {
    const projection = await noting(2);
    const owner = await claimed();
    for (const [when, events] of [
      ['after', given('a1 b1')],
      ['before', given('a2 b2')],
    ] as const) {
      const pool = losingCommit(fixture.pool, when);
      const readModels = postgresReadModels(openDatabase(pool, 'leftfold', poolerOptions), pool);
      const ahead = await AheadOfCheckpoint.load(fixture.readModels, owner.claim);
      const lost = batch(owner, projection, events, { readModels, ahead });
      await expect(lost).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
      if (when === 'before') {
        await batch(owner, projection, events, { ahead });
        continue;
      }
      // What it believes of the notes is not what is there.
      await expect(batch(owner, projection, events, { ahead })).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
      await batch(owner, projection, events);
    }
    expect(await applied()).toBe('a1 a2 b1 b2');
  });

  test('C1 a zombie’s part is sent away before its work begins', async () => {
    let calls = 0;
    const projection = await noting(2, () => void (calls += 1));
    const zombie = await claimed();
    await claimed('the next');
    await expect(batch(zombie, projection, given('a1 b1'))).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
    expect([calls, await applied()]).toEqual([0, '']);
  });

  test('C1 a part from another place than the saved one is refused, though the epoch is ours', async () => {
    const projection = await noting(2);
    const owner = await claimed();
    await batch(owner, projection, given('a1'));
    const ahead = await AheadOfCheckpoint.load(fixture.readModels, owner.claim);
    const place = {
      readModels: fixture.readModels,
      claim: owner.claim,
      from: cursorAt(7),
      ahead,
      isRefusal,
      ...unhurried,
    };
    await expect(applySideBySide(projection, place, given('a2'))).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
    expect(await applied()).toBe('a1');
  });

  test('C1 whoever claims while parts are under way waits for them, and skips what they applied', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = barrier(2);
    const projection = await noting(2, async () => {
      void begun();
      await gate.promise;
    });
    const first = await claimed();
    const ahead = await AheadOfCheckpoint.load(fixture.readModels, first.claim);
    const place = {
      readModels: fixture.readModels,
      claim: first.claim,
      from: first.saved,
      ahead,
      isRefusal,
      ...unhurried,
    };
    const underWay = applySideBySide(projection, place, given('a1 b1'));
    await begun.reached;
    const claiming = claimed('the next');
    // Without a lock it would have claimed by now.
    await Promise.race([waitingForLock(fixture), claiming]);
    gate.resolve();
    await underWay;
    const next = await claiming;
    await expect(first.batch((tx) => tx.forgetAhead([]))).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
    await batch(next, projection, given('a1 b1 b2'));
    expect(await applied()).toBe('a1 b1 b2');
  });

  test('C5 a failing event is named, what came before it in its stream is applied, and all other streams are', async () => {
    const poison = new RangeError('of the handler');
    const projection = await noting(2, ({ key, version }) => {
      if ((key === 'b' && version >= 3) || key === 'd') throw poison;
    });
    const events = given('a1 b1 b2 c1 b3 b4 d1 a2 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1 q1');
    const failed = await batch(await claimed(), projection, events);
    const named = failed.map(({ events: from, error }) => [
      from.map(({ event: { stream } }) => `${stream.key}${stream.version}`).join(' '),
      error,
    ]);
    expect(named.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))).toEqual([
      ['b3 b4', poison],
      ['d1', poison],
    ]);
    expect(await applied()).toBe('a1 a2 b1 b2 c1 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1 q1');
  });

  test('C4 every event is applied once and in its stream’s order, whenever servers go away, owners change and batches are cut anew', async () => {
    const plan = fc.record({
      concurrency: fc.integer({ min: 1, max: 5 }),
      streams: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 8, maxLength: 24 }),
      cuts: fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      falters: fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
      changes: fc.infiniteStream(fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ concurrency, streams, cuts, falters, changes }) => {
        name = `beside-${++round}`;
        const projection = await noting(concurrency, () => {
          if (falters.next().value === 0) throw new Away();
        });
        const versions = new Map<string, number>();
        const next = (key: string): string => {
          versions.set(key, (versions.get(key) ?? 0) + 1);
          return `${key}${versions.get(key)}`;
        };
        const all = given(streams.map(next).join(' '));
        let owner = await claimed();
        let ahead = await AheadOfCheckpoint.load(fixture.readModels, owner.claim);
        for (let at = 0; at < all.length;) {
          const events = all.slice(at, at + (cuts.next().value as number));
          try {
            await batch(owner, projection, events, { ahead });
            at += events.length;
          } catch (error) {
            if (!(error instanceof Away)) throw error;
            if (changes.next().value === true) {
              owner = await claimed();
              ahead = await AheadOfCheckpoint.load(fixture.readModels, owner.claim);
            }
          }
        }
        const expected = [...versions].flatMap(([key, count]) =>
          Array.from({ length: count }, (_, n) => `${key}${n + 1}`),
        );
        expect((await applied()).split(' ')).toEqual(
          expected.toSorted((a, b) => (a[0] === b[0] ? Number(a.slice(1)) - Number(b.slice(1)) : a < b ? -1 : 1)),
        );
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});

/** Resolves for all when the last has come. */
function barrier(count: number): (() => Promise<void>) & { readonly reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  const come = (): Promise<void> => {
    if (--missing === 0) resolve();
    return promise;
  };
  return Object.assign(come, { reached: promise });
}
