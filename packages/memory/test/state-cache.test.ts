import { setImmediate as turn } from 'node:timers/promises';
import { repository } from '@leftfold/core';
import type { EventStore } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { describe, expect, test } from 'vitest';
import { Aside, ledgerWith } from './ledger.ts';

const ledger = ledgerWith();
const cached = (store: EventStore, entries = 10) => repository(ledger, store, { cache: { entries } });

describe('a cached state', () => {
  test('spares reading what is folded in, and never the look at the stream’s end', async () => {
    const store = new Aside(memory().store);
    const repo = cached(store);
    await repo.note('l-1', ['a', 'b', 'c']);
    await repo.note('l-1', ['d']);
    expect((await repo.load('l-1')).state.lines).toEqual(['a', 'b', 'c', 'd']);
    expect(store.reads).toEqual([
      { after: 0n, events: 0 },
      { after: 2n, events: 1 },
      { after: 3n, events: 1 },
    ]);
  });
  test('is never older than what another process has written', async () => {
    const { store } = memory();
    const [here, there] = [cached(new Aside(store)), cached(new Aside(store))];
    for (let n = 0; n < 5; n++) {
      await here.note('l-1', [`here ${n}`]);
      await there.note('l-1', [`there ${n}`]);
      expect((await here.load('l-1')).state).toEqual((await repository(ledger, store).load('l-1')).state);
    }
  });
  test('is not what a command that lost against another has decided on', async () => {
    const { store } = memory();
    const elsewhere = repository(ledger, new Aside(store));
    let races = 0;
    const racing = new Aside(store, {
      append: async (appends, options) => {
        if (races++ === 1) await elsewhere.note('l-1', ['faster']);
        return store.append(appends, options);
      },
    });
    const repo = cached(racing);
    await repo.note('l-1', ['first']);
    await repo.note('l-1', ['second']);
    expect((await repo.load('l-1')).state.lines).toEqual(['first', 'faster', 'second']);
  });
  test('is not advanced by an answer that was stored before', async () => {
    const { store } = memory();
    const [here, there] = [cached(new Aside(store)), cached(new Aside(store))];
    await here.note('l-1', ['a']);
    await there.count('l-1', { by: 'x' }, { idempotencyKey: 'k' });
    expect(await here.count('l-1', { by: 'x' }, { idempotencyKey: 'k' })).toMatchObject({ replayed: true });
    expect((await here.load('l-1')).state.counts).toEqual({ x: 1 });
  });
  test('makes room for others when it was not used for the longest time', async () => {
    const store = new Aside(memory().store);
    const repo = cached(store, 2);
    for (const id of ['l-1', 'l-2', 'l-3']) await repo.note(id, ['a', 'b']);
    store.reads.length = 0;
    for (const id of ['l-3', 'l-2', 'l-1']) await repo.load(id);
    expect(store.reads.map(({ after }) => after)).toEqual([1n, 1n, 0n]);
  });
  test('belongs to its tenant', async () => {
    const repo = cached(memory().store);
    await repo.note('l-1', ['north'], { metadata: { tenant: 'north' } });
    await repo.note('l-1', ['south'], { metadata: { tenant: 'south' } });
    expect((await repo.load('l-1', { tenant: 'north' })).state.lines).toEqual(['north']);
    expect((await repo.load('l-1')).version).toBe(0n);
  });
  test('of a stream with another history is dropped: the log was restored, or a savepoint rolled back', async () => {
    const { store: lost } = memory();
    const { store: restored } = memory();
    let current = lost;
    const store = new Aside(lost, {
      append: (...of) => current.append(...of),
      read: (...of) => current.read(...of),
    });
    const repo = cached(store);
    await repo.note('l-1', ['a', 'b', 'c']);
    current = restored;
    expect(await repo.load('l-1')).toMatchObject({ version: 0n, state: { lines: [] } });
    await repo.note('l-1', ['d']);
    current = lost;
    expect((await repo.load('l-1')).state.lines).toEqual(['a', 'b', 'c']);
    current = restored;
    expect((await repo.load('l-1')).state.lines).toEqual(['d']);
  });
  test('cannot be changed by who loads it', async () => {
    const repo = cached(memory().store);
    await repo.note('l-1', ['a']);
    const { state } = await repo.load('l-1');
    expect(() => (state.lines as string[]).push('b')).toThrow(TypeError);
    expect((await repo.load('l-1')).state.lines).toEqual(['a']);
  });
  test('makes snapshots no rarer and no more frequent', async () => {
    const store = new Aside(memory().store);
    const repo = repository(ledgerWith({ every: 3 }), store, { cache: { entries: 10 } });
    for (let n = 0; n < 10; n++) {
      await repo.note('l-1', ['a']);
      await turn();
    }
    expect(store.saved.map(({ version }) => version)).toEqual([3n, 6n, 9n]);
  });
});

test.each([0, 100_001, 1.5, NaN])('a cache of %d entries is refused', (entries) => {
  expect(() => cached(memory().store, entries)).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
});
