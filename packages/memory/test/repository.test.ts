import { aggregate, aggregateRoot, event, isRefusal, OutcomeUnknown, repository, t } from '@leftfold/core';
import type { AppendOptions, AppendOutcome, EventStore, StreamAppend } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { describe, expect, test } from 'vitest';

const opened = event('bank.account.opened', { owner: t.string({ min: 1 }) });
const deposited = event('bank.account.deposited', { cents: t.integer({ min: 1 }) });
const account = aggregate('bank.account', {
  events: { opened, deposited },
  initial: () => ({ isOpen: false, cents: 0 }),
  refusals: { ALREADY_OPEN: 'This account is open', NOT_OPEN: 'There is no account {id}' },
}).evolve({
  opened: () => ({ isOpen: true, cents: 0 }),
  deposited: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
});
const accounts = account.decide({
  open: (state, { owner }: { readonly owner: string }, { id, refuse }) => {
    if (state.isOpen) throw refuse('ALREADY_OPEN');
    return { events: [opened({ owner })], result: { id } };
  },
  deposit: (state, { cents }: { readonly cents: number }, { id, refuse }) => {
    if (!state.isOpen) throw refuse('NOT_OPEN', { id });
    return { events: [deposited({ cents })], result: { cents: state.cents + cents } };
  },
  touch: () => [],
});

const bank = (store: EventStore = memory().store) => repository(accounts, store);

describe('a command', () => {
  test('is decided on the folded state and answered with result, version and token', async () => {
    const repo = bank();
    const receipt = await repo.open('a-1', { owner: 'Ann' });
    expect(receipt).toMatchObject({ result: { id: 'a-1' }, version: 1n, replayed: false });
    expect(receipt.token).not.toBe('');
    expect((await repo.deposit('a-1', { cents: 5 })).result).toEqual({ cents: 5 });
    expect(await repo.load('a-1')).toEqual({ state: { isOpen: true, cents: 5 }, version: 2n });
  });
  test('that is refused writes nothing and names code, sentence and details', async () => {
    const repo = bank();
    const refused = repo.deposit('a-1', { cents: 5 });
    await expect(refused).rejects.toMatchObject({
      code: 'NOT_OPEN',
      message: 'There is no account a-1',
      details: { id: 'a-1' },
    });
    await expect(refused.catch((error: unknown) => isRefusal(error, 'NOT_OPEN'))).resolves.toBe(true);
    expect((await repo.load('a-1')).version).toBe(0n);
  });
  test('without events is a success that writes nothing', async () => {
    expect(await bank().touch('a-1')).toMatchObject({ result: undefined, version: 0n, replayed: false });
  });
  test('with a payload that does not fit is refused with the path before anything is sent', async () => {
    const repo = bank();
    await repo.open('a-1', { owner: 'Ann' });
    await expect(repo.deposit('a-1', { cents: 0 })).rejects.toMatchObject({ code: 'LF_EVENT_INVALID', path: 'cents' });
    await expect(repo.deposit('a-1', { cents: 1.5 })).rejects.toMatchObject({
      code: 'LF_EVENT_INVALID',
      path: 'cents',
    });
    await expect(repo.open('a-2', { owner: 'a\u0000' })).rejects.toMatchObject({
      code: 'LF_EVENT_INVALID',
      path: 'owner',
    });
    expect((await repo.deposit('a-1', { cents: 7 })).version).toBe(2n);
  });
  test('above the size limit is refused with both sizes', async () => {
    await expect(bank().open('a-1', { owner: 'x'.repeat(300_000) })).rejects.toMatchObject({
      code: 'LF_EVENT_INVALID',
      message: expect.stringContaining('262144') as string,
    });
  });
  test('of another version than the latest is refused', async () => {
    const late = event('a.b', { n: t.int() }).version(2, { n: t.int(), m: t.int() }, { up: ({ n }) => ({ n, m: 0 }) });
    const old = aggregate('a', { events: { late }, initial: () => 0 })
      .evolve({ late: (n) => n })
      .decide({ go: () => [late.at(1, { n: 1 }) as never] });
    await expect(repository(old, memory().store).go('1')).rejects.toMatchObject({ code: 'LF_EVENT_INVALID' });
  });
  test('that decides an event of another aggregate is refused', async () => {
    const closed = event('bank.account.closed', {});
    await expect(bank().transact('a-1', () => [closed({}) as never])).rejects.toMatchObject({
      code: 'LF_EVENT_FOREIGN',
    });
  });
  test('on a stream with an event that the aggregate does not know is refused, not decided without it', async () => {
    const { store } = memory();
    const closed = event('bank.account.closed', {});
    const wider = aggregate('bank.account', { events: { closed }, initial: () => 0 }).evolve({ closed: (n) => n });
    await repository(wider.decide({ close: () => [closed({})] }), store).close('a-1');
    await expect(bank(store).open('a-1', { owner: 'Ann' })).rejects.toMatchObject({ code: 'LF_EVENT_FOREIGN' });
  });
  test('whose decision is a promise is refused: it would do I/O again on every conflict', async () => {
    await expect(bank().transact('a-1', (async () => []) as never)).rejects.toMatchObject({
      code: 'LF_DECISION_ASYNC',
    });
  });
  test('whose decision is a promise that rejects leaves no rejection that nobody takes, which would end the process', async () => {
    const untaken: unknown[] = [];
    const note = (reason: unknown): void => void untaken.push(reason);
    process.on('unhandledRejection', note);
    const decide = async () => Promise.reject(new Error('made up'));
    await expect(bank().transact('a-1', decide as never)).rejects.toMatchObject({ code: 'LF_DECISION_ASYNC' });
    // Node tells of them once the queue of microtasks is empty.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(untaken).toEqual([]);
  });
  test('with an input in the place of its options is refused', async () => {
    await expect(bank().touch('a-1', { owner: 'Ann' } as never)).rejects.toMatchObject({ code: 'LF_OPTION_UNKNOWN' });
  });
});

describe('commands of one stream', () => {
  test('queue up inside a process, so that each of fifty at once is carried out', async () => {
    const repo = bank();
    await repo.open('a-1', { owner: 'Ann' });
    await Promise.all(Array.from({ length: 50 }, () => repo.deposit('a-1', { cents: 1 })));
    expect((await repo.load('a-1')).state.cents).toBe(50);
  });
  test('are decided again on the new state when another process was faster', async () => {
    const { store } = memory();
    const elsewhere = bank(aside(store));
    await elsewhere.open('a-1', { owner: 'Ann' });
    let isFirst = true;
    const racing = aside(store, async () => {
      if (isFirst) await elsewhere.deposit('a-1', { cents: 100 });
      isFirst = false;
    });
    expect((await bank(racing).deposit('a-1', { cents: 1 })).result).toEqual({ cents: 101 });
  });
  test('give up after their attempts with an error that may be tried again', async () => {
    const { store } = memory();
    const elsewhere = bank(aside(store));
    await elsewhere.open('a-1', { owner: 'Ann' });
    const racing = aside(store, async () => void (await elsewhere.deposit('a-1', { cents: 1 })));
    const repo = repository(accounts, racing, { attempts: 2 });
    await expect(repo.deposit('a-1', { cents: 1 })).rejects.toMatchObject({
      code: 'LF_CONCURRENCY_EXHAUSTED',
      attempts: 2,
    });
  });
  test('are decided again with the same clock and the same ids', async () => {
    const { store } = memory();
    const elsewhere = bank(aside(store));
    await elsewhere.open('a-1', { owner: 'Ann' });
    let races = 2;
    const racing = aside(store, async () => {
      if (races-- > 0) await elsewhere.deposit('a-1', { cents: 1 });
      await new Promise((resolve) => setTimeout(resolve, 2));
    });
    const given: unknown[] = [];
    await bank(racing).transact('a-1', (_, { now, uuid }) => {
      given.push([now.getTime(), uuid(), uuid()]);
      return [deposited({ cents: 1 })];
    });
    expect(given).toHaveLength(3);
    expect(given).toEqual([given[0], given[0], given[0]]);
    const [[, first, second]] = given as [[number, string, string]];
    expect(first).not.toBe(second);
  });
  test.each([0, 21, 1.5, Number.NaN])('cannot have %s attempts', (attempts) => {
    expect(() => repository(accounts, memory().store, { attempts })).toThrow(
      expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }),
    );
  });
  test('stop waiting for their turn when they are aborted', async () => {
    const { store } = memory();
    const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
    const repo = bank(aside(store, () => isOpen));
    const first = repo.open('a-1', { owner: 'Ann' });
    const aborting = new AbortController();
    const second = repo.deposit('a-1', { cents: 1 }, { signal: aborting.signal });
    const reason = new Error('the client has gone');
    aborting.abort(reason);
    await expect(second).rejects.toBe(reason);
    open();
    expect((await first).version).toBe(1n);
    expect((await repo.load('a-1')).version).toBe(1n);
  });
  test('with an expected version are refused elsewhere and not decided again', async () => {
    const repo = bank();
    const { version } = await repo.open('a-1', { owner: 'Ann' });
    await repo.deposit('a-1', { cents: 1 }, { expect: version });
    await expect(repo.deposit('a-1', { cents: 1 }, { expect: version })).rejects.toMatchObject({
      code: 'LF_CONFLICT',
      actual: 2n,
    });
  });
});

test('an expected version that is passed while the command is decided is a conflict, and it is not decided again', async () => {
  const { store } = memory();
  const elsewhere = bank(aside(store));
  const { version } = await elsewhere.open('a-1', { owner: 'Ann' });
  const racing = aside(store, async () => void (await elsewhere.deposit('a-1', { cents: 1 })));
  let decided = 0;
  const decide = () => ((decided += 1), [deposited({ cents: 5 })]);
  await expect(bank(racing).transact('a-1', decide, { expect: version })).rejects.toMatchObject({
    code: 'LF_CONFLICT',
    actual: 2n,
  });
  expect(decided).toBe(1);
});
test('an append is told of the signal of its command', async () => {
  const { store } = memory();
  const signals: unknown[] = [];
  const noting: EventStore = {
    ...aside(store),
    append: async (appends, options) => (signals.push(options?.signal), store.append(appends, options)),
  };
  const { signal } = new AbortController();
  await bank(noting).open('a-1', { owner: 'Ann' }, { signal });
  expect(signals).toEqual([signal]);
});

describe('an idempotency key', () => {
  const idempotencyKey = 'k-1';
  test('gives the first answer again, and the event is there once', async () => {
    const repo = bank();
    await repo.open('a-1', { owner: 'Ann' });
    const first = await repo.deposit('a-1', { cents: 5 }, { idempotencyKey });
    await repo.deposit('a-1', { cents: 7 });
    const again = await repo.deposit('a-1', { cents: 5 }, { idempotencyKey });
    expect(again).toEqual({ ...first, replayed: true });
    expect((await repo.load('a-1')).state.cents).toBe(12);
  });
  test('is found although the domain would refuse the repetition, also under a newly drawn id', async () => {
    const repo = bank();
    const first = await repo.open('a-1', { owner: 'Ann' }, { idempotencyKey });
    expect(await repo.open('a-1', { owner: 'Ann' }, { idempotencyKey })).toEqual({ ...first, replayed: true });
    expect((await repo.open('a-2', { owner: 'Ann' }, { idempotencyKey })).result).toEqual({ id: 'a-1' });
    expect((await repo.load('a-2')).version).toBe(0n);
  });
  test('is refused with another input, or for another entity that was there before', async () => {
    const repo = bank();
    await repo.open('a-1', { owner: 'Ann' });
    await repo.open('a-2', { owner: 'Bob' });
    await repo.deposit('a-1', { cents: 5 }, { idempotencyKey });
    const reused = { code: 'LF_IDEMPOTENCY_KEY_REUSED' };
    await expect(repo.deposit('a-1', { cents: 6 }, { idempotencyKey })).rejects.toMatchObject(reused);
    await expect(repo.deposit('a-2', { cents: 5 }, { idempotencyKey })).rejects.toMatchObject(reused);
    expect((await repo.load('a-2')).state.cents).toBe(0);
  });
  test('holds under concurrency: a hundred calls, one event, a hundred equal answers', async () => {
    const repo = bank();
    await repo.open('a-1', { owner: 'Ann' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => repo.deposit('a-1', { cents: 5 }, { idempotencyKey })),
    );
    expect(
      new Set(answers.map(({ result, version, token }) => JSON.stringify([result, String(version), token]))).size,
    ).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await repo.load('a-1')).state.cents).toBe(5);
  });
  test('stores the answer of a decision without events', async () => {
    const repo = bank();
    expect(await repo.touch('a-1', { idempotencyKey })).toMatchObject({ replayed: false });
    expect(await repo.touch('a-1', { idempotencyKey })).toMatchObject({ replayed: true, result: undefined });
  });
  test('does not store a refusal: a later try decides afresh', async () => {
    const repo = bank();
    await expect(repo.deposit('a-1', { cents: 5 }, { idempotencyKey })).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await repo.open('a-1', { owner: 'Ann' });
    expect((await repo.deposit('a-1', { cents: 5 }, { idempotencyKey })).replayed).toBe(false);
  });
  test('whose command has an unknown outcome answers so, even if the first answer cannot be looked up', async () => {
    const { store } = memory();
    const cut: EventStore = {
      ...aside(store),
      append: async () => Promise.reject(new OutcomeUnknown('the append', new Error('made up'))),
      reply: async () => Promise.reject(new Error('made up')),
    };
    await expect(bank(cut).open('a-1', { owner: 'Ann' }, { idempotencyKey })).rejects.toMatchObject({
      code: 'LF_OUTCOME_UNKNOWN',
    });
  });
  test('of one command or aggregate says nothing to another', async () => {
    const { store } = memory();
    const other = aggregate('bank.deposit', { events: { opened }, initial: () => 0 })
      .evolve({ opened: (n) => n + 1 })
      .decide({ touch: () => ({ events: [opened({ owner: 'Ann' })], result: 'another' }) });
    expect(await bank(store).touch('a-1', { idempotencyKey })).toMatchObject({ replayed: false });
    expect(await bank(store).transact('a-1', () => [], { idempotencyKey })).toMatchObject({ replayed: false });
    expect(await repository(other, store).touch('a-1', { idempotencyKey })).toMatchObject({
      replayed: false,
      result: 'another',
    });
  });
  test('of one tenant says nothing to another', async () => {
    const repo = bank();
    const of = (tenant: string) => ({ idempotencyKey, metadata: { tenant } });
    await repo.open('a-1', { owner: 'Ann' }, of('north'));
    expect((await repo.open('a-1', { owner: 'Bob' }, of('south'))).replayed).toBe(false);
  });
  test('is no refusal when the first answer cannot be looked up: that may be tried again', async () => {
    const { store } = memory();
    const first = await bank(store).open('a-1', { owner: 'Ann' }, { idempotencyKey });
    let isDown = true;
    const shaky: EventStore = {
      ...aside(store),
      reply: async (key) => {
        if (isDown) throw Object.assign(new Error('made up'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
        return store.reply(key);
      },
    };
    const again = () => bank(shaky).open('a-1', { owner: 'Ann' }, { idempotencyKey });
    await expect(again()).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });
    isDown = false;
    expect(await again()).toEqual({ ...first, replayed: true });
  });
  test.each(['', 'x'.repeat(256), 'a\nb'])('of the form %j is refused', async (key) => {
    await expect(bank().touch('a-1', { idempotencyKey: key })).rejects.toMatchObject({
      code: 'LF_IDEMPOTENCY_KEY_INVALID',
    });
  });
});

describe('what the context gives', () => {
  const of = (tenant: string) => ({ context: () => ({ metadata: { tenant } }) });
  test('is the tenant of commands and of reads alike', async () => {
    const { store } = memory();
    const north = repository(accounts, store, of('north'));
    await north.open('a-1', { owner: 'Ann' });
    expect((await north.load('a-1')).version).toBe(1n);
    expect((await repository(accounts, store, of('south')).load('a-1')).version).toBe(0n);
    expect((await north.load('a-1', { tenant: '' })).version).toBe(0n);
    const seen = [];
    for await (const { stream } of north.history('a-1')) seen.push(stream.version);
    expect(seen).toEqual([1n]);
  });
  test('gives way to what the call says, member by member', async () => {
    const repo = repository(accounts, memory().store, {
      context: () => ({ metadata: { actor: 'ann', correlationId: 'c-1' }, idempotencyKey: 'k', roles: ['clerk'] }),
    });
    const said = { metadata: { actor: 'bob' }, roles: ['chief'] };
    const { result } = await repo.transact(
      'a-1',
      (_, { metadata, roles }) => ({ events: [], result: [metadata.actor ?? '', metadata.correlationId, ...roles] }),
      said,
    );
    expect(result).toEqual(['bob', 'c-1', 'chief']);
    expect((await repo.transact('a-1', () => [], said)).replayed).toBe(true);
  });
  test('is asked for a command and for a read as such, so that a read takes no number of a request', async () => {
    const calls: string[] = [];
    const repo = repository(accounts, memory().store, { context: (call) => (calls.push(call), {}) });
    await repo.load('a-1');
    await repo.touch('a-1');
    expect(calls).toEqual(['read', 'command']);
  });
});

describe('a class aggregate', () => {
  class Account extends aggregateRoot(account) {
    deposit(cents: number): { cents: number } {
      if (!this.state.isOpen) throw this.refuse('NOT_OPEN', { id: this.id });
      this.record(deposited({ cents }));
      return { cents: this.state.cents };
    }
    open(owner: string): void {
      this.record(opened({ owner }));
    }
  }
  test('records through the same fold and sees its own events at once', async () => {
    const { store } = memory();
    const repo = repository(Account, store);
    await repo.transact('a-1', (root) => root.open('Ann'));
    const { result } = await repo.transact('a-1', (root) => (root.deposit(3), root.deposit(4)));
    expect(result).toEqual({ cents: 7 });
    expect((await bank(store).load('a-1')).version).toBe(3n);
  });
  test('refuses work that answers with a promise, of whatever make', async () => {
    const repo = repository(Account, memory().store);
    const later = { then: (resolve: (value: number) => void) => resolve(1) };
    for (const work of [async () => 1, () => later])
      await expect(repo.transact('a-1', work as never)).rejects.toMatchObject({ code: 'LF_DECISION_ASYNC' });
  });
  test('refuses as a decider does', async () => {
    const repo = repository(Account, memory().store);
    await expect(repo.transact('a-1', (root) => root.deposit(1))).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

test('history gives the stream upcast, in version order, with its envelope', async () => {
  const repo = bank();
  await repo.open('a-1', { owner: 'Ann' }, { metadata: { actor: 'ann', correlationId: 'c-1' } });
  await repo.deposit('a-1', { cents: 5 });
  const seen = [];
  for await (const recorded of repo.history('a-1'))
    seen.push([recorded.type, recorded.stream.version, recorded.metadata.actor]);
  expect(seen).toEqual([
    ['bank.account.opened', 1n, 'ann'],
    ['bank.account.deposited', 2n, undefined],
  ]);
});

/** The same store as another process has it: with queues of its own, and something that happens before each append. */
function aside(store: EventStore, before: () => Promise<void> = async () => {}): EventStore {
  return {
    read: (stream, options) => store.read(stream, options),
    reply: (key, options) => store.reply(key, options),
    append: async (appends: readonly StreamAppend[], options?: AppendOptions): Promise<AppendOutcome> => {
      await before();
      return store.append(appends, options);
    },
  };
}
