import { strict as assert } from 'node:assert';
import { event, t, uuidV7, type StreamVersion } from '@leftfold/core';
import { follow, projection, type FoldedProjection } from '@leftfold/subscriptions';
import { eventually } from '../eventually.ts';
import { conformanceSuite, type ConformanceSuite } from '../conformance-case.ts';
import { inlineScene, type OpenInline } from './inline-scene.ts';

/** What the suite is given. */
export interface InlineHarness {
  /** A storage whose appends apply these projections, which nobody has used before. Cases may share its log. */
  readonly storage: OpenInline;
}

/** What storages promise of projections inside their appends (`inline`). */
export function inlineConformance({ storage: open }: InlineHarness): ConformanceSuite {
  return conformanceSuite([
    {
      title: 'rows are there when an append is answered, over one stream and several, of every verb',
      run: async () => {
        const { append, to, rows, accounts, owners, opened, moved, closed, seen } = await inlineScene(open);
        await append([to('a', [opened(), moved(3)])]);
        await append([to('b', [seen(), opened('bob')], 'absent'), to('a', [moved(4), seen()], 'present')]);
        assert.deepEqual(await rows(accounts, 'a', 'b'), [
          { id: 'a', lines: 'opened 3 4' },
          { id: 'b', lines: 'opened' },
        ]);
        assert.deepEqual(await rows(owners, 'ann', 'bob'), [
          { owner: 'ann', cents: 7 },
          { owner: 'bob', cents: 0 },
        ]);
        await append([to('a', [closed()])]);
        await append([to('b', [closed(), opened(), moved(1)])]);
        assert.deepEqual(await rows(accounts, 'a', 'b'), [null, { id: 'b', lines: 'opened 1' }]);
      },
    },
    {
      title: 'an event that cannot be folded refuses its whole call: no event, row, reply or key of it is there',
      run: async () => {
        const scene = await inlineScene(open);
        const { append, to, rows, accounts, owners, opened, moved, stream, storage } = scene;
        await append([to('a', [opened()])]);
        const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
        const key = ['inline', uuidV7()] as const;
        const refused = storage.store.append([to('b', [opened(), moved(1)]), to('a', [moved(2), opened()])], {
          reply,
          keys: [{ stream: stream('a'), change: 'reserve', key }],
        });
        await assert.rejects(refused, { code: 'LF_INLINE_REFUSED', retryable: false, projection: scene.accounts.name });
        assert.deepEqual(await rows(accounts, 'a', 'b'), [{ id: 'a', lines: 'opened' }, null]);
        assert.deepEqual(await rows(owners, 'ann'), [{ owner: 'ann', cents: 0 }]);
        assert.equal(await storage.store.reply(reply), undefined);
        const taking = { keys: [{ stream: stream('b'), change: 'reserve' as const, key }] };
        assert.equal(await append([to('b', [opened()], 'absent')], taking), 'appended');
        assert.equal(await append([to('a', [moved(5)], 1n as StreamVersion)]), 'appended');
      },
    },
    {
      title: 'a conflict, a taken key, a stored reply and events that stand there already change no row',
      run: async () => {
        const { append, to, rows, owners, opened, moved, stream } = await inlineScene(open);
        const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
        const key = ['inline', uuidV7()] as const;
        const first = to('a', [opened(), moved(1)], 'absent');
        await append([first], { reply, keys: [{ stream: stream('a'), change: 'reserve', key }] });
        assert.equal(await append([first]), 'appended');
        assert.equal(await append([to('a', [moved(2)], 'absent')]), 'conflict');
        assert.equal(await append([to('a', [moved(2)])], { reply }), 'replied');
        const taking = { keys: [{ stream: stream('b'), change: 'reserve' as const, key }] };
        assert.equal(await append([to('b', [opened(), moved(2)])], taking), 'taken');
        assert.deepEqual(await rows(owners, 'ann'), [{ owner: 'ann', cents: 1 }]);
      },
    },
    {
      title: 'C13 appends to many streams at once that feed one row, at first absent, lose none of each other',
      run: async () => {
        const { append, to, rows, owners, opened, moved } = await inlineScene(open);
        const accounts = Array.from({ length: 16 }, (_, n) => `a${n}`);
        const calls = accounts.map((account) => append([to(account, [opened('hot'), moved(1, 'hot')], 'absent')]));
        assert.deepEqual(new Set(await Promise.all(calls)), new Set(['appended']));
        assert.deepEqual(await rows(owners, 'hot'), [{ owner: 'hot', cents: 16 }]);
      },
    },
    {
      title: 'of many appends at one version one is written, and its rows alone',
      run: async () => {
        const { append, to, rows, accounts, opened, moved } = await inlineScene(open);
        await append([to('a', [opened()])]);
        const kinds = await Promise.all(
          Array.from({ length: 8 }, () => append([to('a', [moved(1)], 1n as StreamVersion)])),
        );
        assert.deepEqual(kinds.toSorted(), ['appended', ...Array.from({ length: 7 }, () => 'conflict')]);
        assert.deepEqual(await rows(accounts, 'a'), [{ id: 'a', lines: 'opened 1' }]);
      },
    },
    {
      title: 'rows of one stream may be followed as well: nothing is folded twice, nothing is brought back',
      run: async () => {
        const { append, to, rows, storage, accounts, opened, moved, closed } = await inlineScene(open);
        await append([to('a', [opened(), moved(1)]), to('b', [opened(), closed()])]);
        const running = await follow(accounts, { from: storage.log, storage });
        try {
          await append([to('a', [moved(2)]), to('c', [opened()])]);
          await running.caughtUp();
          await append([to('a', [moved(3)]), to('c', [closed()])]);
          await running.caughtUp();
        } finally {
          await running.stop();
        }
        assert.deepEqual(await rows(accounts, 'a', 'b', 'c'), [{ id: 'a', lines: 'opened 1 2 3' }, null, null]);
      },
    },
    {
      title: 'rows of several streams have one source: following them as well is LF_SOURCE_CHANGED',
      run: async () => {
        const { append, to, rows, storage, owners, opened, moved } = await inlineScene(open);
        await storage.inline?.prepare();
        const following = (): Promise<unknown> => follow(owners, { from: storage.log, storage });
        await assert.rejects(following(), { code: 'LF_SOURCE_CHANGED' });
        await append([to('a', [opened(), moved(1)])]);
        await assert.rejects(following(), { code: 'LF_SOURCE_CHANGED' });
        assert.deepEqual(await rows(owners, 'ann'), [{ owner: 'ann', cents: 1 }]);
      },
    },
    {
      title:
        'a later version is live at once where appends feed all of it; rows of one stream are once they are followed',
      run: async () => {
        const unique = uuidV7().replaceAll('-', '').slice(-12);
        const counted = event(`inline${unique}.counted`, { of: t.string() });
        const versionsOf = (order: 'any' | 'stream'): readonly FoldedProjection[] =>
          [1, 2].map((version) => {
            const counts = projection(`counts-${order}-${unique}`, {
              version,
              key: 'id',
              row: { id: t.string() },
              order,
            });
            return order === 'any'
              ? counts.upsert(counted, { by: 'of' }, (_, { data }) => ({ id: data.of }))
              : counts.upsert(counted, (_, { stream }) => ({ id: stream.key }));
          });
        const [any, stream] = [versionsOf('any'), versionsOf('stream')];
        const storage = await open([...any, ...stream]);
        await storage.inline?.prepare();
        const states = async (of: readonly FoldedProjection[]): Promise<readonly unknown[]> =>
          (await storage.versions.list(of[0]?.name)).map(({ version, state }) => [version, state]);
        assert.deepEqual(await states(any), [
          [1, 'live'],
          [2, 'live'],
        ]);
        assert.deepEqual(await states(stream), [
          [1, 'live'],
          [2, 'building'],
        ]);
        // For processes that feed nothing themselves: what was fed last is not what stands still.
        assert.ok((await storage.versions.list(any[1]?.name)).every(({ followedAt }) => followedAt !== undefined));
        const [, later] = stream;
        if (later === undefined) throw new RangeError('there are two');
        const running = await follow(later, { from: storage.log, storage });
        try {
          await eventually(async () => {
            assert.deepEqual(await states(stream), [
              [1, 'live'],
              [2, 'live'],
            ]);
          });
        } finally {
          await running.stop();
        }
      },
    },
  ]);
}
