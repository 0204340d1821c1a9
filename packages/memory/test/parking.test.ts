import { setImmediate as turn } from 'node:timers/promises';
import { t } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import {
  discardParked,
  editParked,
  follow,
  park,
  parkedEvents,
  parkedKeys,
  parkedPayload,
  projection,
  relay,
  retry,
  retryAllParked,
  retryParked,
  stop,
  underClock,
} from '@leftfold/subscriptions';
import type {
  AnyProjection,
  Clock,
  FoldedProjection,
  FollowOptions,
  ModelTransaction,
  ParkedHead,
  Row,
  RowHandler,
  Running,
  Storage,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { append, customerTotals, orderList, paid, placed, placedLater, shipped } from './shop.ts';

const by = { by: 'ops' };
const pay = (cents: number, customer = 'c') => paid({ customer, cents });
const until = (holds: () => unknown) => vi.waitFor(holds, { timeout: 10_000 });

async function following(definition: AnyProjection, options: FollowOptions): Promise<Running> {
  const running = await follow(definition, options);
  onTestFinished(() => running.stop());
  return running;
}
const rows = (storage: Pick<MemoryStorage, 'readModels'>, { rowTable }: FoldedProjection): readonly Row[] =>
  storage.readModels.reader([rowTable]).all(rowTable.name);
const heads = (storage: Pick<Storage, 'parked'>): Promise<readonly ParkedHead[]> =>
  Array.fromAsync(parkedKeys(storage));
const parkedOf = async (running: Running): Promise<number> =>
  running.status().lanes.reduce((sum, { parkedKeys: keys = 0 }) => sum + keys, 0);
/** The same fold, which throws where it is told to. */
function failing<P extends FoldedProjection>(
  definition: P,
  isBroken: (event: { key: string; cents: number }) => boolean,
): P {
  const handlers = new Map<string, RowHandler>(
    [...definition.handlers].map(([type, handler]): [string, RowHandler] => {
      if (handler.verb === 'delete') return [type, handler];
      const fold = (...of: readonly unknown[]): unknown => {
        const { stream, data } = of[handler.verb === 'insert' ? 0 : 1] as {
          stream: { key: string };
          data: { cents?: number };
        };
        if (isBroken({ key: stream.key, cents: data.cents ?? 0 })) throw new RangeError(`broken at ${stream.key}`);
        return (handler.fold as (...args: readonly unknown[]) => unknown)(...of);
      };
      return [type, { ...handler, fold } as RowHandler];
    }),
  );
  return { ...definition, handlers };
}
/** The same storage, with other transactions. */
function withTransactions(
  storage: MemoryStorage,
  change: (tx: ModelTransaction) => Partial<ModelTransaction>,
): Storage {
  const { readModels } = storage;
  const changed = new Proxy(readModels, {
    get: (target, name: keyof typeof readModels) => {
      if (name !== 'transaction') return typeof target[name] === 'function' ? target[name].bind(target) : target[name];
      const transaction: typeof readModels.transaction = (claim, move, work) =>
        target.transaction(claim, move, (tx) => work({ ...tx, ...change(tx) }));
      return transaction;
    },
  });
  return { ...storage, readModels: changed };
}

test('C5 C6 an event that cannot be folded parks its key with all that comes of it later, and everything else goes on', async () => {
  const storage = memory();
  let isBroken = true;
  const list = failing(orderList, ({ key, cents }) => isBroken && key === 'bad' && cents === 2);
  await append(storage.store, 'bad', [placed({ customer: 'c' }), pay(1), pay(2), pay(3)]);
  await append(storage.store, 'good', [placed({ customer: 'c' }), pay(1)]);
  const running = await following(list, { from: storage.log, storage });
  await running.caughtUp();
  await append(storage.store, 'bad', [pay(4)]);
  await append(storage.store, 'good', [pay(5)]);
  await running.caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1' }, { steps: 'placed 1 5' }]);
  expect(running.status().lanes).toMatchObject([{ state: 'following', parkedKeys: 1 }]);
  const [head, ...others] = await heads(storage);
  expect(others).toEqual([]);
  expect(head).toMatchObject({
    follower: { name: 'order-list', version: 1 },
    key: 'stream/shop.order-bad',
    events: 3,
    attempts: 1,
    cause: {
      code: 'LF_FOLD_FAILED',
      text: expect.stringContaining('RangeError: broken at bad') as string,
      stack: expect.stringContaining('parking.test.ts') as string,
    },
    first: { streamVersion: 3n, type: 'shop.order.paid' },
  });
  isBroken = false;
  await retryParked(storage, head as ParkedHead, by);
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1 2 3 4' }, {}]));
  await until(async () => expect(await parkedOf(running)).toBe(0));
  expect(await heads(storage)).toEqual([]);
  await append(storage.store, 'bad', [pay(6)]);
  await running.caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1 2 3 4 6', cents: 16 }, {}]);
});

test('C6 one poisoned key in a hundred holds none of the others, and after the retry the model is as if nothing had happened', async () => {
  for (const [good, at] of [
    [orderList, ({ key }: { key: string }) => key === 'o42'],
    [customerTotals, ({ cents }: { cents: number }) => cents === 42],
  ] as const) {
    const storage = memory();
    let isBroken = true;
    const list = failing<FoldedProjection>(good, (event) => isBroken && at(event));
    const running = await following(list, { from: storage.log, storage });
    const sell = async (cents: (n: number) => number): Promise<void> => {
      for (let n = 0; n < 100; n++) await append(storage.store, `o${n}`, [pay(cents(n), `c${n}`)]);
    };
    for (let n = 0; n < 100; n++) await append(storage.store, `o${n}`, [placed({ customer: `c${n}` })]);
    await sell((n) => n);
    await sell(() => 1);
    await running.caughtUp();
    const table = rows(storage, list).map((row) => [row[list.rowTable.key], row['cents']]);
    expect(table).toHaveLength(good === orderList ? 99 : 100);
    const behind = table.filter(([key, cents]) => cents !== Number((key as string).slice(1)) + 1);
    expect(behind).toEqual(good === orderList ? [] : [['c42', 0]]);
    expect(await heads(storage)).toHaveLength(1);
    isBroken = false;
    expect(await retryAllParked(storage, { name: list.name, version: 1 }, by)).toBe(1);
    await sell(() => 2);
    await until(async () => expect(await heads(storage)).toEqual([]));
    await running.caughtUp();
    const fresh = memory();
    for (let n = 0; n < 100; n++)
      await append(fresh.store, `o${n}`, [placed({ customer: `c${n}` }), ...[n, 1, 2].map((c) => pay(c, `c${n}`))]);
    await (await following(good, { from: fresh.log, storage: fresh })).caughtUp();
    expect(rows(storage, list)).toEqual(rows(fresh, good));
  }
});

test('C6 an event of several rows parks whole, and so does what comes of its stream later; other streams’ events of the other rows go on', async () => {
  const storage = memory();
  let isBroken = true;
  const both = projection('both', {
    version: 1,
    key: 'id',
    row: { id: t.string(), seen: t.string() },
    order: 'any',
  }).upsert(paid, { by: ({ data: { customer } }) => customer.split('+') }, (row, { data: { cents } }) => {
    if (isBroken && cents === 13 && row?.id === 'b') throw new RangeError('unlucky');
    return { id: row?.id ?? (cents === 1 ? 'a' : 'b'), seen: `${row?.seen ?? ''}${cents} ` };
  });
  await append(storage.store, 'o1', [pay(1, 'a')]);
  await append(storage.store, 'o2', [pay(2, 'b')]);
  const running = await following(both, { from: storage.log, storage });
  await running.caughtUp();
  await append(storage.store, 'o3', [pay(13, 'a+b'), pay(14, 'b'), pay(15, 'a')]);
  await append(storage.store, 'o4', [pay(16, 'b')]);
  await append(storage.store, 'o5', [pay(17, 'a')]);
  await append(storage.store, 'o2', [pay(18, 'b')]);
  await running.caughtUp();
  const [head] = await heads(storage);
  expect(head).toMatchObject({ key: 'row/a', first: { stream: 'shop.order-o3' } });
  // Its key is its first row; what shares that waits, and what is behind it in its stream.
  expect(rows(storage, both)).toEqual([
    { id: 'a', seen: '1 ' },
    { id: 'b', seen: '2 16 18 ' },
  ]);
  isBroken = false;
  await retryParked(storage, head as ParkedHead, by);
  await until(async () => expect(await heads(storage)).toEqual([]));
  expect(rows(storage, both)).toEqual([
    { id: 'a', seen: '1 13 15 17 ' },
    { id: 'b', seen: '2 16 18 13 14 ' },
  ]);
});

test('C6 a failed retry says why, keeps everything in order, and applies what it can before', async () => {
  const storage = memory();
  const broken = new Set([1, 3]);
  const list = failing(orderList, ({ cents }) => broken.has(cents));
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1), pay(2), pay(3), pay(4)]);
  const running = await following(list, { from: storage.log, storage });
  await running.caughtUp();
  const [head] = (await heads(storage)) as [ParkedHead];
  await retryParked(storage, head, by);
  await until(async () => expect(await heads(storage)).toMatchObject([{ attempts: 2, events: 4 }]));
  expect((await heads(storage))[0]?.request).toBeUndefined();
  broken.delete(1);
  await retryParked(storage, head, by);
  await until(async () =>
    expect(await heads(storage)).toMatchObject([{ attempts: 1, events: 2, first: { streamVersion: 4n } }]),
  );
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1 2' }]);
  broken.clear();
  await retryParked(storage, head, by);
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1 2 3 4' }]));
  await expect(retryParked(storage, head, by)).rejects.toMatchObject({ code: 'LF_NOT_PARKED' });
});

test('an event is discarded by its name, with a reason that is kept, and those behind it go on', async () => {
  const storage = memory();
  const list = failing(orderList, ({ cents }) => cents === 1);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1), pay(2)]);
  const running = await following(list, { from: storage.log, storage });
  await running.caughtUp();
  const [head] = (await heads(storage)) as [ParkedHead];
  const [first, second] = await Array.fromAsync(parkedEvents(storage, head));
  const why = { ...by, reason: 'a test order' };
  await expect(discardParked(storage, { ...head, n: second?.n ?? 0n }, why)).rejects.toMatchObject({
    code: 'LF_NOT_PARKED',
  });
  await expect(discardParked(storage, { ...head, n: first?.n ?? 0n }, { ...by, reason: ' ' })).rejects.toMatchObject({
    code: 'LF_PARKED_REQUEST_INVALID',
  });
  await discardParked(storage, { ...head, n: first?.n ?? 0n }, why);
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 2' }]));
  expect(await heads(storage)).toEqual([]);
  expect(await storage.parked.notes(head.follower, { limit: 10 })).toMatchObject([
    { kind: 'discarded', by: 'ops', reason: 'a test order', envelope: { streamVersion: 2n } },
  ]);
});

test('a payload is mended through its schema, applied in place of its own for this follower alone, and noted', async () => {
  const storage = memory();
  const list = failing(orderList, ({ cents }) => cents === 1);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1), pay(2)]);
  const running = await following(list, { from: storage.log, storage });
  await running.caughtUp();
  const [head] = (await heads(storage)) as [ParkedHead];
  const [first] = await Array.fromAsync(parkedEvents(storage, head));
  if (first === undefined) throw new Error('nothing is parked');
  const at = { ...head, n: first.n };
  expect(await parkedPayload(at, first, { source: storage.log, type: paid })).toEqual({ customer: 'c', cents: '1' });
  const edit = { type: paid, ...by, reason: 'a typing mistake' };
  for (const payload of [
    { customer: 'c' },
    { customer: 'c', cents: 1.5 },
    { customer: 'c', cents: '11', more: 1 },
    null,
  ])
    await expect(editParked(storage, at, { ...edit, payload })).rejects.toMatchObject({
      code: 'LF_PARKED_EDIT_INVALID',
    });
  await expect(editParked(storage, at, { ...edit, type: shipped, payload: {} })).rejects.toMatchObject({
    code: 'LF_PARKED_EDIT_INVALID',
  });
  await editParked(storage, at, { ...edit, payload: { customer: 'c', cents: '11' } });
  await retryParked(storage, head, by);
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 11 2' }]));
  expect(await storage.parked.notes(head.follower, { limit: 10 })).toMatchObject([
    { kind: 'edited', reason: 'a typing mistake', envelope: { streamVersion: 2n } },
  ]);
});

test('retry repeats an event while its lane waits, visibly, then parks it; all that fail are repeated together', async () => {
  const storage = memory();
  let calls = 0;
  const list = {
    ...failing(orderList, ({ cents }) => cents === 1 && (calls += 1) > 0),
    recovery: { live: retry({ times: 3, backoffMs: 1, then: 'park' }) },
  };
  for (const order of ['a', 'b', 'c']) await append(storage.store, order, [placed({ customer: 'c' }), pay(1), pay(2)]);
  const running = await following(list, { from: storage.log, storage });
  const seen: string[] = [];
  running.onChange((change) => {
    if (change.kind === 'lane') seen.push(`${change.status.state} ${change.status.fault?.event?.stream ?? ''}`);
  });
  await running.caughtUp();
  expect(calls).toBe(12);
  expect(seen.filter((state) => state === 'retrying shop.order-a')).toHaveLength(3);
  expect(await heads(storage)).toMatchObject(['a', 'b', 'c'].map(() => ({ attempts: 4, events: 2 })));
});
test('retry comes to the end of its repetitions, or the event is well by then', async () => {
  const storage = memory();
  let left = 2;
  const broken = failing(orderList, ({ cents }) => cents === 1 && left-- > 0);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1), pay(2)]);
  const well = await following(
    { ...broken, recovery: { live: retry({ times: 2, backoffMs: 0, then: 'stop' }) } },
    { from: storage.log, storage },
  );
  await well.caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1 2' }]);
  await well.stop();
  left = 9;
  await append(storage.store, 'o', [pay(1)]);
  const stopping = await following(
    { ...broken, recovery: { live: retry({ times: 2, backoffMs: 0, then: 'stop' }) } },
    { from: storage.log, storage },
  );
  await expect(stopping.caughtUp()).rejects.toMatchObject({
    fault: { code: 'LF_FOLD_FAILED', event: { streamVersion: 4n } },
  });
  expect(left).toBe(6);
  expect(await heads(storage)).toEqual([]);
});
test('a rebuild stops at a fault of its own, whatever is done while following; unless it says otherwise', async () => {
  const broken = failing(orderList, ({ cents }) => cents === 1);
  for (const [recovery, outcome] of [
    [{}, 'stopped'],
    [{ live: park() }, 'stopped'],
    [{ live: stop(), rebuild: park() }, 'following'],
  ] as const) {
    const storage = memory();
    await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1)]);
    const running = await following({ ...broken, recovery }, { from: storage.log, storage, mode: 'rebuild' });
    await until(() => expect(running.status().lanes).toMatchObject([{ state: outcome }]));
    await running.caughtUp().catch(() => {});
    expect(await heads(storage)).toHaveLength(outcome === 'following' ? 1 : 0);
  }
});

test('C16 an event newer than the code waits, also behind a parked one; and a retry that comes upon one waits with it', async () => {
  const storage = memory();
  const list = failing(orderList, ({ cents }) => cents === 1);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1)]);
  const running = await following(list, { from: storage.log, storage });
  await running.caughtUp();
  await append(storage.store, 'o', [placedLater({ customer: 'c', channel: 'web' })], { types: [placedLater] });
  await until(() =>
    expect(running.status().lanes).toMatchObject([{ state: 'waiting', fault: { code: 'LF_NEWER_EVENT' } }]),
  );
  expect(await heads(storage)).toMatchObject([{ events: 1 }]);
  expect((await heads(storage))[0]?.cause.code).toBe('LF_FOLD_FAILED');
});

test('C16 however many retries wait for newer code, one asked for after them is carried out', async () => {
  const storage = memory();
  const newerRelease = projection('order-list', {
    version: 1,
    key: 'order_id',
    row: { order_id: t.string(), customer: t.string(), cents: t.integer(), steps: t.string() },
  }).insert(placedLater, () => {
    throw new RangeError('broken');
  });
  for (let n = 0; n < 30; n++)
    await append(storage.store, `o${n}`, [placedLater({ customer: 'c', channel: 'web' })], { types: [placedLater] });
  await append(storage.store, 'well', [placed({ customer: 'c' })]);
  const newer = await following(newerRelease, { from: storage.log, storage });
  await newer.caughtUp();
  await newer.stop();

  const { well, others } = Object.groupBy(await heads(storage), ({ key }) =>
    key.includes('well') ? 'well' : 'others',
  );
  for (const head of [...(others ?? []), ...(well ?? [])]) await retryParked(storage, head, by);
  await following(orderList, { from: storage.log, storage });
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ order_id: 'well' }]));
  const waiting = await heads(storage);
  expect(waiting.filter(({ request, attempts }) => request?.kind === 'retry' && attempts === 1)).toHaveLength(30);
});

test('a write that is refused is found by halves, and its key is parked; the rest of the batch is written', async () => {
  const storage = memory();
  let attempts = 0;
  let isRefused = true;
  const refusing = withTransactions(storage, (tx) => ({
    write: async (table, changes) => {
      if (isRefused && changes.some(({ row }) => Number(row?.['cents']) >= 7))
        throw Object.assign(new Error('violates check constraint'), { code: '23514' });
      await tx.write(table, changes);
    },
    attempt: (work) => ((attempts += 1), tx.attempt(work)),
  }));
  for (let n = 0; n < 64; n++)
    await append(storage.store, `o${n}`, [placed({ customer: 'c' }), pay(n === 33 ? 7 : 1), pay(1)]);
  const running = await following(orderList, { from: storage.log, storage: refusing });
  await running.caughtUp();
  expect(await heads(storage)).toMatchObject([
    { key: 'stream/shop.order-o33', events: 2, cause: { code: '23514', text: 'violates check constraint' } },
  ]);
  expect(rows(storage, orderList).filter(({ steps }) => steps === 'placed 1 1')).toHaveLength(63);
  expect(rows(storage, orderList).filter(({ steps }) => steps === 'placed')).toHaveLength(1);
  expect(attempts).toBeLessThan(2 * Math.log2(192) + 3);
  isRefused = false;
  await retryAllParked(storage, running.status(), by);
  await until(async () => expect(await heads(storage)).toEqual([]));
  expect(rows(storage, orderList).filter(({ steps }) => steps === 'placed 7 1')).toHaveLength(1);
});
test('a write that is refused for no event’s sake stops the lane: nothing is parked for a table that is gone', async () => {
  const storage = memory();
  const refusing = withTransactions(storage, () => ({
    write: async () => {
      throw Object.assign(new Error('permission denied for table order_list'), { code: '42501' });
    },
  }));
  await append(storage.store, 'o', [placed({ customer: 'c' })]);
  const running = await following(orderList, { from: storage.log, storage: refusing });
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: '42501' } });
  expect(await heads(storage)).toEqual([]);
});

test('C7 what cannot be parked stops its lane before it, says so, and nothing is lost', async () => {
  const storage = memory();
  const refusing = withTransactions(storage, (tx) => ({
    parked: new Proxy(tx.parked, {
      get: (target, name: keyof typeof tx.parked) =>
        name === 'park'
          ? () => Promise.reject(Object.assign(new Error('value too long'), { code: '22001' }))
          : target[name].bind(target),
    }),
  }));
  const list = failing(orderList, ({ cents }) => cents === 1);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1)]);
  const running = await following(list, { from: storage.log, storage: refusing });
  await expect(running.caughtUp()).rejects.toMatchObject({
    fault: { code: 'LF_PARKING_REFUSED', error: { cause: { code: '22001' } } },
  });
  expect([rows(storage, orderList), await heads(storage)]).toEqual([[], []]);
  await running.stop();
  await (await following(orderList, { from: storage.log, storage })).caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1' }]);
});

test('A7 C5 a record whose payload cannot be decoded parks its key, with its bytes, and is applied when the codec is mended', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  await append(storage.store, 'bad', [placed({ customer: 'c' }), pay(1)]);
  await append(storage.store, 'good', [placed({ customer: 'c' })]);
  const relaying = await relay({ storage, to: broker, service: 'shop' });
  onTestFinished(() => relaying.stop());
  await relaying.caughtUp();
  let isBroken = true;
  const undecodable = Object.assign(new Error('made up'), { code: 'LF_RECORD_UNDECODABLE', retryable: false });
  type From = typeof broker.source;
  const breaking = <R extends { readonly stream: string; decode: (...of: never[]) => unknown }>(record: R): R => ({
    ...record,
    decode: (...of: never[]) => {
      if (isBroken && record.stream.endsWith('bad')) throw undecodable;
      return record.decode(...of);
    },
  });
  const from: From = new Proxy(broker.source, {
    get: (target, name: keyof From) => {
      if (name === 'run')
        return ((reader, signal) =>
          target.run(
            {
              ...reader,
              handle: (batch, within) =>
                reader.handle({ ...batch, records: batch.records.map((record) => breaking(record)) }, within),
            },
            signal,
          )) satisfies From['run'];
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const running = await following(orderList, { from, storage });
  await running.caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ order_id: 'good' }]);
  const [head] = (await heads(storage)) as [ParkedHead];
  expect(head).toMatchObject({ key: 'stream/shop.order-bad', events: 2, cause: { code: 'LF_RECORD_UNDECODABLE' } });
  const [first] = await Array.fromAsync(parkedEvents(storage, head));
  const [[record] = []] = broker.records('shop.order');
  expect(first?.kept?.raw).toMatchObject({ value: record?.value, place: 'shop.order/0 at offset 0' });
  isBroken = false;
  await retryParked(storage, head, by);
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1' }, { order_id: 'good' }]));
});

test('C15 who takes the lane over knows what is parked, and goes on with it', async () => {
  const storage = memory();
  const list = failing(orderList, ({ cents }) => cents === 1);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1)]);
  const first = await following(list, { from: storage.log, storage, owner: 'one' });
  await first.caughtUp();
  await first.stop();
  await append(storage.store, 'o', [pay(2)]);
  const second = await following(orderList, { from: storage.log, storage, owner: 'two' });
  await second.caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed' }]);
  expect(await heads(storage)).toMatchObject([{ events: 2 }]);
  await second.stop();
  // Asked while nobody runs.
  await retryAllParked(storage, second.status(), by);
  const third = await following(orderList, { from: storage.log, storage, owner: 'three' });
  await until(() => expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 1 2' }]));
  expect(await parkedOf(third)).toBe(0);
});
test('what is parked of a tenant holds nothing of another one’s', async () => {
  const storage = memory();
  const list = failing(orderList, ({ cents }) => cents === 1);
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(1)], { tenant: 'acme' });
  await append(storage.store, 'o', [placed({ customer: 'c' }), pay(2)]);
  const running = await following(list, { from: storage.log, storage });
  await running.caughtUp();
  await append(storage.store, 'o', [pay(3)], { tenant: 'acme' });
  await append(storage.store, 'o', [pay(4)]);
  await running.caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ steps: 'placed 2 4' }]);
  expect(await heads(storage)).toMatchObject([{ tenant: 'acme', events: 2 }]);
});
test('where nothing is parked, nothing is asked, written or put in an attempt for its sake', async () => {
  const storage = memory();
  const calls: string[] = [];
  const noting = <T extends object>(port: T, name: string): T =>
    new Proxy(port, {
      get: (target, method: keyof T & string) => {
        const member = target[method];
        if (typeof member !== 'function') return member;
        return (...of: unknown[]) => (calls.push(`${name}.${method}`), member.apply(target, of) as unknown);
      },
    });
  const counting = withTransactions(storage, (tx) => ({
    parked: noting(tx.parked, 'tx.parked'),
    attempt: (work) => (calls.push('attempt'), tx.attempt(work)),
  }));
  // A second is over in a turn of the loop: many looks between batches.
  const hasty: Clock = {
    now: Date.now,
    pause: async (_, signal) => {
      await turn();
      signal.throwIfAborted();
    },
  };
  const running = await underClock(hasty, () =>
    following(orderList, {
      from: storage.log,
      storage: { ...counting, parked: noting(storage.parked, 'parked') },
    }),
  );
  for (let n = 0; n < 20; n++) {
    await append(storage.store, `o${n}`, [placed({ customer: 'c' }), pay(n)]);
    await running.caughtUp();
    for (let turns = 0; turns < 10; turns++) await turn();
  }
  expect(rows(storage, orderList)).toHaveLength(20);
  expect(calls).toEqual(['parked.keys']);
});
