import { setImmediate as turn } from 'node:timers/promises';
import { aggregate, aggregateRoot, repository, streamRef, t } from '@leftfold/core';
import type { EventId, EventStore, SnapshotFault, Snapshots, StreamVersion } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { describe, expect, test, vi } from 'vitest';
import { Aside, counted, ledgerWith, LedgerState, noted } from './ledger.ts';

const plain = ledgerWith();
const every10 = ledgerWith({ every: 10 });
const stream = streamRef('books.ledger', 'l-1');
const lines = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `line ${n}`);

/** A store with a ledger of so many lines, and snapshots of it as the aggregate takes them. */
async function written(count: number, ledger = every10): Promise<EventStore> {
  const { store } = memory();
  const repo = repository(ledger, store);
  for (const line of lines(count)) await repo.note('l-1', [line]);
  await turn();
  return store;
}
const keyOf = (ledger: typeof every10): string => ledger.snapshot?.key ?? '';
const found = (store: EventStore, ledger = every10) => store.snapshots?.find(stream, keyOf(ledger));
const stateOf = async (store: EventStore, ledger = plain) => (await repository(ledger, store).load('l-1')).state;

describe('a snapshot', () => {
  test('is taken when the stream passes a multiple of every, by one event or by many', async () => {
    const store = await written(9);
    expect(await found(store)).toBeUndefined();
    const repo = repository(every10, store);
    await repo.note('l-1', ['tenth']);
    await vi.waitUntil(async () => (await found(store))?.version === 10n, { timeout: 20_000 });
    await repo.note('l-1', lines(25));
    await vi.waitUntil(async () => (await found(store))?.version === 35n, { timeout: 20_000 });
    await repo.note('l-1', lines(4));
    await turn();
    expect((await found(store))?.version).toBe(35n);
  });
  test('spares reading what is in it: the load begins at its last event', async () => {
    const store = new Aside(await written(25));
    expect(await repository(every10, store).load('l-1')).toEqual(await repository(plain, store).load('l-1'));
    expect(store.reads).toEqual([
      { after: 19n, events: 6 },
      { after: 0n, events: 25 },
    ]);
  });
  test('is what its events are folded into, with the id of the last of them', async () => {
    const store = await written(20);
    const snapshot = await found(store);
    for await (const page of store.read(stream)) expect(page[19]?.id).toBe(snapshot?.lastEvent);
    expect(JSON.parse(snapshot?.state ?? '')).toMatchObject({ lines: lines(20) });
  });
  test('that could not be taken is taken at a later command', async () => {
    const inner = await written(9);
    let isDown = true;
    const save: Snapshots['save'] = async (...of) =>
      isDown ? Promise.reject(new Error('made up')) : inner.snapshots?.save(...of);
    const store = new Aside(inner, { snapshots: { find: async (...of) => inner.snapshots?.find(...of), save } });
    const repo = repository(every10, store);
    await repo.note('l-1', ['tenth']);
    await turn();
    isDown = false;
    await repo.note('l-1', ['eleventh']);
    await vi.waitUntil(async () => (await found(inner))?.version === 11n, { timeout: 20_000 });
  });
  test('is taken by class aggregates, too', async () => {
    class LedgerRoot extends aggregateRoot(every10) {
      note(line: string): void {
        this.record(noted({ line, cents: 1 }));
      }
    }
    const { store } = memory();
    const repo = repository(LedgerRoot, store);
    for (const line of lines(10)) await repo.transact('l-1', (root) => root.note(line));
    await vi.waitUntil(async () => (await found(store))?.version === 10n, { timeout: 20_000 });
    await repo.transact('l-1', (root) => root.note('eleventh'));
    expect(await stateOf(store, every10)).toEqual(await stateOf(store));
  });
  test('is not taken by a command that lost against another, was refused or had nothing to do', async () => {
    const inner = await written(9);
    const elsewhere = repository(plain, new Aside(inner));
    const losing: EventStore['append'] = async (appends, options) => {
      await elsewhere.note('l-1', ['faster']);
      return inner.append(appends, options);
    };
    const store = new Aside(inner, { append: losing });
    await expect(repository(every10, store, { attempts: 1 }).note('l-1', ['tenth'])).rejects.toMatchObject({
      code: 'LF_CONCURRENCY_EXHAUSTED',
    });
    await repository(every10, new Aside(inner)).note('l-1', []);
    await turn();
    expect(store.saved).toEqual([]);
    expect(await found(inner)).toBeUndefined();
  });
  test('short streams are not asked for one, once it is known that they are short', async () => {
    const inner = await written(3);
    let asked = 0;
    const find: Snapshots['find'] = async (...of) => ((asked += 1), inner.snapshots?.find(...of));
    const store = new Aside(inner, { snapshots: { find, save: async (...of) => inner.snapshots?.save(...of) } });
    const repo = repository(every10, store);
    for (const line of lines(5)) await repo.note('l-1', [line]);
    expect(asked).toBe(1);
    await repository(plain, inner).note('l-1', lines(5));
    await repo.load('l-1');
    await repo.load('l-1');
    expect(asked).toBe(2);
  });
});

describe('a snapshot is ignored, and the stream read whole,', () => {
  const other = aggregate('books.ledger', {
    events: { noted, counted },
    initial: () => ({ lines: 0 }),
    snapshot: { every: 10, version: 1, state: t.record('LedgerState', { lines: t.int() }) },
  }).evolve({ noted: ({ lines: n }) => ({ lines: n + 1 }), counted: (s) => s });
  const older = noted.version(3, { text: t.string() }, { up: ({ line }) => ({ text: line }) });
  const newer = aggregate('books.ledger', {
    events: { noted: older, counted },
    initial: () => ({ lines: [] as readonly string[], cents: 0, counts: {} }),
    snapshot: { every: 10, version: 1, state: LedgerState },
  }).evolve({ noted: (s, { text }) => ({ ...s, lines: [...s.lines, text] }), counted: (s) => s });

  test('when its version was raised, or the schema of the state or of an event is another', async () => {
    const store = new Aside(await written(25));
    const raised = ledgerWith({ every: 10, version: 2 });
    expect(new Set([every10, raised, other, newer].map(({ snapshot }) => snapshot?.key)).size).toBe(4);
    expect(await stateOf(store, raised)).toEqual(await stateOf(store));
    expect((await repository(other.decide({}), store).load('l-1')).state).toEqual({ lines: 25 });
    expect((await repository(newer.decide({}), store).load('l-1')).state).toMatchObject({ cents: 0 });
    expect(store.reads.map(({ after }) => after)).toEqual([0n, 0n, 0n, 0n]);
  });
  test('the names in the code and the pace of snapshots are no part of that', () => {
    const renamed = aggregate('books.ledger', {
      events: { tally: counted, entry: noted },
      initial: () => ({ lines: [] as readonly string[], cents: 0, counts: {} }),
      snapshot: { every: 50, version: 1, state: LedgerState },
    }).evolve({ entry: (s) => s, tally: (s) => s });
    expect(renamed.snapshot?.key).toBe(every10.snapshot?.key);
  });
  test.each([
    ['it is no JSON', { state: '{"lines":' }],
    ['it does not fit its schema', { state: '{"lines":[],"cents":5.5,"counts":{}}' }],
    [
      'its last event is another one: the log was restored',
      { lastEvent: '01910000-0000-7000-8000-000000000000' as EventId },
    ],
    ['it lies beyond the end: the log was restored', { version: 1_000n as StreamVersion }],
  ])('when %s', async (_, wrong) => {
    const store = await written(25);
    const right = await found(store);
    if (right === undefined) throw new Error('there is none');
    await store.snapshots?.save(stream, keyOf(every10), { ...right, ...wrong });
    const aside = new Aside(store);
    expect(await stateOf(aside, every10)).toEqual(await stateOf(store));
    expect(aside.reads.at(-1)).toEqual({ after: 0n, events: 25 });
  });
  test('when it cannot be found', async () => {
    const inner = await written(25);
    const down = async (): Promise<never> => Promise.reject(new Error('made up'));
    const store = new Aside(inner, { snapshots: { find: down, save: down } });
    expect(await stateOf(store, every10)).toEqual(await stateOf(inner));
  });
  test('by stores that keep none', async () => {
    const inner = await written(25);
    const { read, append, reply } = new Aside(inner);
    const repo = repository(every10, { read, append, reply });
    await repo.note('l-1', lines(20));
    expect((await repo.load('l-1')).state.lines).toHaveLength(45);
    await turn();
    expect((await found(inner))?.version).toBe(20n);
  });
});

describe('snapshots never hold up or fail a command', () => {
  const blocked = () => {
    const inner = memory().store;
    const { promise, resolve } = Promise.withResolvers<void>();
    const save: Snapshots['save'] = async (...of) => promise.then(() => inner.snapshots?.save(...of));
    const find: Snapshots['find'] = async (...of) => inner.snapshots?.find(...of);
    return { inner, release: resolve, store: new Aside(inner, { snapshots: { find, save } }) };
  };
  test('they are not waited for, and of one stream one is under way at most', async () => {
    const { store, release, inner } = blocked();
    const repo = repository(ledgerWith({ every: 1 }), store);
    for (const line of lines(5)) await repo.note('l-1', [line]);
    expect(store.saved.map(({ version }) => version)).toEqual([1n]);
    release();
    await turn();
    await repo.note('l-1', ['sixth']);
    await vi.waitUntil(async () => (await found(inner, ledgerWith({ every: 1 })))?.version === 6n, { timeout: 20_000 });
  });
  test('of one store sixteen are under way at most, over all its repositories', async () => {
    const { store, release } = blocked();
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => repository(ledgerWith({ every: 1 }), store).note(`l-${n}`, ['first'])),
    );
    expect(store.saved).toHaveLength(16);
    release();
    await turn();
    await repository(ledgerWith({ every: 1 }), store).note('l-40', ['first']);
    expect(store.saved).toHaveLength(17);
  });
  test('a fault is told once until they work again, and never as a rejection that nobody takes', async () => {
    const untaken: unknown[] = [];
    const note = (reason: unknown): void => void untaken.push(reason);
    process.on('unhandledRejection', note);
    const inner = memory().store;
    let isDown = true;
    const call =
      <T>(work: () => Promise<T>) =>
      async (): Promise<T> =>
        isDown ? Promise.reject(new Error('made up')) : work();
    const store = new Aside(inner, { snapshots: { find: call(async () => undefined), save: call(async () => {}) } });
    const faults: SnapshotFault[] = [];
    const onSnapshotFault = (fault: SnapshotFault): void => {
      faults.push(fault);
      throw new Error('the logger is down');
    };
    const repo = repository(ledgerWith({ every: 1 }), store, { onSnapshotFault });
    for (const line of lines(3)) await repo.note('l-1', [line]);
    await turn();
    expect(faults).toMatchObject([{ code: 'LF_SNAPSHOT_FAILED', cause: { message: 'made up' } }]);
    isDown = false;
    await repo.note('l-1', ['it works']);
    await turn();
    isDown = true;
    await repo.note('l-1', ['and does not']);
    await turn();
    process.off('unhandledRejection', note);
    expect(faults).toHaveLength(2);
    expect(untaken).toEqual([]);
  });
  test('a state that is not what the schema says is not stored, and that is told once, with the field', async () => {
    const faults: SnapshotFault[] = [];
    const bad = aggregate('books.ledger', {
      events: { noted, counted },
      initial: () => ({ lines: 0 }),
      snapshot: { every: 3, version: 1, state: t.record('S', { lines: t.int() }) },
    })
      .evolve({ noted: ({ lines: n }) => ({ lines: n + 0.5 }), counted: (s) => s })
      .decide({ note: () => [noted({ line: '', cents: 0 })] });
    const store = new Aside(memory().store);
    const repo = repository(bad, store, { onSnapshotFault: (fault) => faults.push(fault) });
    for (let n = 0; n < 9; n++) await repo.note('l-1');
    expect(store.saved.map(({ version }) => version)).toEqual([6n]);
    expect(faults.map(({ code }) => code)).toEqual(['LF_SNAPSHOT_STATE_INVALID']);
    expect(faults[0]?.message).toContain('books.ledger-l-1');
    expect(faults[0]?.message).toContain('lines');
    expect((await repo.load('l-1')).state).toEqual({ lines: 4.5 });
  });
  test('a state of more than 1 MiB is not stored', async () => {
    const faults: SnapshotFault[] = [];
    const store = new Aside(memory().store);
    const repo = repository(ledgerWith({ every: 1 }), store, { onSnapshotFault: (fault) => faults.push(fault) });
    for (let n = 0; n < 6; n++) await repo.note('l-1', ['x'.repeat(200_000)]);
    expect(store.saved.map(({ version }) => version)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(faults.map(({ code }) => code)).toEqual(['LF_SNAPSHOT_STATE_INVALID']);
  });
  test('a fold that throws on what was just recorded does not take the command back', async () => {
    const fragile = aggregate('books.ledger', {
      events: { noted, counted },
      initial: () => ({ lines: 0 }),
      snapshot: { every: 1, version: 1, state: t.record('S', { lines: t.int() }) },
    })
      .evolve({
        noted: () => {
          throw new Error('made up');
        },
        counted: (s) => s,
      })
      .decide({ note: () => [noted({ line: '', cents: 0 })] });
    const repo = repository(fragile, memory().store, { cache: { entries: 1 } });
    expect((await repo.note('l-1')).version).toBe(1n);
    await expect(repo.note('l-1')).rejects.toThrow('made up');
  });
});

test('a state that is kept is frozen: a decision or a fold that changes it in place is found out', async () => {
  const { store } = memory();
  const repo = repository(every10, store);
  await repo.note('l-1', lines(10));
  await vi.waitUntil(async () => (await found(store)) !== undefined, { timeout: 20_000 });
  const careless = repo.transact('l-1', (state) => ((state.lines as string[]).push('!'), [counted({ by: 'x' })]));
  await expect(careless).rejects.toThrow(TypeError);
  expect(await stateOf(store, every10)).toEqual(await stateOf(store));
});

test.each([
  ['every', { every: 0, version: 1 }],
  ['every', { every: 100_001, version: 1 }],
  ['every', { every: 1.5, version: 1 }],
  ['version', { every: 1, version: 0 }],
  ['version', { every: 1, version: NaN }],
])('a snapshot whose %s is out of bounds is refused at definition: %j', (name, snapshot) => {
  expect(() => ledgerWith(snapshot)).toThrow(
    expect.objectContaining({ code: 'LF_SNAPSHOT_INVALID', message: expect.stringContaining(name) as string }),
  );
});
test('a state that is no schema is refused at definition', () => {
  const snapshot = { every: 1, version: 1, state: { lines: 'int' } as never };
  expect(() => aggregate('a.b', { events: { noted }, initial: () => 0, snapshot })).toThrow(
    expect.objectContaining({ code: 'LF_SCHEMA_INVALID' }),
  );
});
