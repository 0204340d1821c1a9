import { streamRef, type StreamId, type StreamVersion } from '@leftfold/core';
import { memory, type MemoryBroker, type MemoryStorage } from '@leftfold/memory';
import { follow, giveUp, redrive, relay, withheldEvents, withheldKeys } from '@leftfold/subscriptions';
import type { Claim, Reader, RelayOptions, Running, Withheld, WithheldKey } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { refusingBroker, story, told, tooLarge, TOPIC } from './poison.ts';
import { registryFault, ScriptedCodec } from './scripted-codec.ts';
import { append, customerTotals, noted, orderList, paid, placed, shipped } from './shop.ts';

const keyOf = (order: string): WithheldKey => ({ topic: TOPIC, tenant: '', stream: `shop.order-${order}` as StreamId });
const by = { by: 'ops' };
const until = <T>(isSo: () => T | Promise<T>) => vi.waitFor(isSo, { timeout: 20_000, interval: 20 });

async function relaying(storage: MemoryStorage, to: MemoryBroker, more: Partial<RelayOptions> = {}): Promise<Running> {
  const running = await relay({ storage, to, service: 'shop', ...more });
  onTestFinished(() => running.stop());
  return running;
}
const pay = (cents: number) => paid({ customer: 'c', cents });
const lane = (running: Running) => running.status().lanes[0];
const heads = async (storage: MemoryStorage) =>
  (await Array.fromAsync(withheldKeys(storage))).map(({ head, events }) => [head.stream, head.streamVersion, events]);
const states = async (storage: MemoryStorage, order: string) =>
  (await Array.fromAsync(withheldEvents(storage, keyOf(order)))).map(
    ({ streamVersion, state }) => `${streamVersion} ${state}`,
  );

test('R15 of a window with one record that is refused only that one and what follows of its key is withheld, in place; all else arrives in order', async () => {
  const storage = memory();
  const broker = refusingBroker({ cents: 100 });
  for (let each = 0; each < 5; each++) {
    for (const order of ['o1', 'o2', 'o3'])
      await append(storage.store, order, [
        each === 0 ? placed({ customer: 'c' }) : pay(order === 'o2' && each === 2 ? 999 : each),
      ]);
  }
  await (await relaying(storage, broker)).caughtUp();
  const held = (version: number) => (version < 3 ? '' : ' withheld');
  expect(story(broker)).toEqual([1, 2, 3, 4, 5].flatMap((v) => [`o1@${v}`, `o2@${v}${held(v)}`, `o3@${v}`]));
  expect(told(broker)[0]?.flatMap(({ why }) => why ?? [])).toEqual([
    'LF_RECORD_REFUSED',
    'LF_EARLIER_WITHHELD',
    'LF_EARLIER_WITHHELD',
  ]);
  expect(await heads(storage)).toEqual([['shop.order-o2', 3n, 3]]);
  const [first] = await Array.fromAsync(withheldEvents(storage, keyOf('o2')));
  expect(first).toMatchObject({
    state: 'withheld',
    type: 'shop.order.paid',
    category: 'shop.order',
    partition: 0,
    position: 8n,
    sequence: 8,
    attempts: 1,
    lane: '0',
    cause: { code: 'LF_RECORD_REFUSED', text: 'MESSAGE_TOO_LARGE', bytes: expect.any(Number) as number },
  });
});
test('R15 an event is noted as withheld before the small record goes in its place', async () => {
  const storage = memory();
  const seen: unknown[] = [];
  const broker = refusingBroker({ cents: 100 }, 1, (records) => {
    if (records.some(({ headers }) => headers['lf']?.includes('"withheld"'))) seen.push(heads(storage));
    return undefined;
  });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  await (await relaying(storage, broker)).caughtUp();
  expect(await Promise.all(seen)).toEqual([[['shop.order-o1', 2n, 1]]]);
  expect(story(broker)).toEqual(['o1@1', 'o1@2 withheld']);
});
test('R15 later windows withhold what follows of the key, and others go on; redriven it comes in order, before what is newer', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const running = await relaying(storage, broker);
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  await running.caughtUp();
  await append(storage.store, 'o1', [pay(1)]);
  await append(storage.store, 'o2', [placed({ customer: 'c' })]);
  await running.caughtUp();
  expect(story(broker)).toEqual(['o1@1', 'o1@2 withheld', 'o1@3 withheld', 'o2@1']);
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  await until(async () => expect(await heads(storage)).toEqual([]));
  await append(storage.store, 'o1', [pay(2)]);
  await running.caughtUp();
  expect(story(broker).slice(4)).toEqual(['o1@2 redriven', 'o1@3 redriven', 'o1@4']);
  expect(await states(storage, 'o1')).toEqual(['2 redriven', '3 redriven']);
  const [row] = await Array.fromAsync(withheldEvents(storage, keyOf('o1')));
  expect(row).toMatchObject({ settled: { sequence: 5 }, request: { kind: 'redrive', by: 'ops' } });
});
test('R15 a key is redriven when a relay starts again on a log where nothing new comes', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const first = await relaying(storage, broker, { owner: 'relay' });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  await first.caughtUp();
  await first.stop();
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  await relaying(storage, broker, { owner: 'relay' });
  await until(async () => expect(await heads(storage)).toEqual([]));
  expect(story(broker)).toEqual(['o1@1', 'o1@2 withheld', 'o1@2 redriven']);
});
test('R3 R15 what is redriven is numbered in the ledger before it is sent, so whoever takes over sends the same, before anything newer', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const seen: unknown[] = [];
  let isDead = false;
  const broker = refusingBroker(limit, 1, (records) => {
    const isRedriven = records.some(({ headers }) => headers['lf']?.includes('"redriven"'));
    if (!isRedriven || seen.length > 0) return undefined;
    seen.push(storage.checkpoints.list({ name: 'relay', version: 1 }));
    isDead = true;
    // Written, and nobody is told: the process is gone.
    return { topic: TOPIC, partition: 0, kind: 'unknown', wrote: 1, cause: new Error('made up') };
  });
  const first = await relaying(storage, broker, { owner: 'relay' });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999), pay(1)]);
  await first.caughtUp();
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  await until(() => expect(isDead).toBe(true));
  const [[saved] = []] = (await Promise.all(seen)) as Awaited<ReturnType<typeof storage.checkpoints.list>>[];
  expect(saved?.ledger).toMatchObject({
    v: 2,
    topics: { [TOPIC]: { next: [4] } },
    redrive: { stream: 'shop.order-o1', partition: 0, versions: ['2', '3'], request: { kind: 'redrive', by: 'ops' } },
  });
  await append(storage.store, 'o2', [placed({ customer: 'c' })]);
  const second = await relaying(storage, broker, { owner: 'relay' });
  await first.stop();
  await second.caughtUp();
  expect(story(broker).slice(3)).toEqual(['o1@2 redriven', 'o1@3 redriven', 'o2@1']);
});
test('R15 what is refused again stays withheld, with all behind it, and the request is answered with the cause', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const running = await relaying(storage, broker);
  await append(storage.store, 'o1', [pay(200), pay(1), pay(300), pay(2)]);
  await running.caughtUp();
  await redrive(storage, keyOf('o1'), by);
  await until(async () => {
    const [{ head } = {}] = await Array.fromAsync(withheldKeys(storage));
    expect(head).toMatchObject({ attempts: 2, sequence: 5, cause: { code: 'LF_RECORD_REFUSED' } });
    expect(head?.request).toBeUndefined();
  });
  limit.cents = 250;
  await redrive(storage, keyOf('o1'), by);
  await until(async () => expect(await heads(storage)).toEqual([['shop.order-o1', 3n, 2]]));
  await until(async () =>
    expect(await states(storage, 'o1')).toEqual(['1 redriven', '2 redriven', '3 withheld', '4 withheld']),
  );
  expect(story(broker)).toEqual([
    ...[1, 2, 3, 4].map((v) => `o1@${v} withheld`),
    ...[1, 2, 3, 4].map((v) => `o1@${v} withheld`),
    'o1@1 redriven',
    'o1@2 redriven',
    'o1@3 withheld',
    'o1@4 withheld',
  ]);
  expect(lane(running)).toMatchObject({ state: 'following' });
});
test('R15 an event that is given up is told of with the reason, and those behind it are sent', async () => {
  const storage = memory();
  const broker = refusingBroker({ cents: 100 });
  const running = await relaying(storage, broker);
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999), pay(1)]);
  await running.caughtUp();
  const reason = 'ticket 4711: sent by hand';
  await giveUp(storage, { ...keyOf('o1'), streamVersion: 2n as StreamVersion }, { ...by, reason });
  await until(async () => expect(await states(storage, 'o1')).toEqual(['2 given-up', '3 redriven']));
  await append(storage.store, 'o1', [pay(2)]);
  await running.caughtUp();
  expect(story(broker).slice(3)).toEqual(['o1@2 given-up', 'o1@3 redriven', 'o1@4']);
  expect(told(broker)[0]?.[3]?.why).toBe(reason);
});
test('R15 giving up without a reason, or with an endless one, as by hand in the table, makes a record that can be read', async () => {
  const storage = memory();
  const broker = refusingBroker({ cents: 100 });
  const running = await relaying(storage, broker);
  await append(storage.store, 'o1', [pay(999)]);
  await append(storage.store, 'o2', [pay(999)]);
  await running.caughtUp();
  await storage.withheld.request(keyOf('o1'), { kind: 'give-up', by: 'ops' });
  await storage.withheld.request(keyOf('o2'), { kind: 'give-up', by: 'ops', reason: 'x'.repeat(5_000) });
  await until(async () => expect(await heads(storage)).toEqual([]));
  const givenUp = told(broker)[0]?.filter(({ what }) => what === 'given-up');
  expect(givenUp?.map(({ key, why }) => [key, why]).sort()).toEqual([
    ['o1', 'none given'],
    ['o2', 'x'.repeat(200)],
  ]);
});
test('nothing is requested of a key that is not withheld, or of another event than the one that is in the way', async () => {
  const storage = memory();
  const running = await relaying(storage, refusingBroker({ cents: 100 }));
  await append(storage.store, 'o1', [pay(999), pay(1)]);
  await running.caughtUp();
  const of = (version: bigint) => ({ ...keyOf('o1'), streamVersion: version as StreamVersion });
  await expect(redrive(storage, keyOf('o2'), by)).rejects.toMatchObject({ code: 'LF_NOT_WITHHELD' });
  await expect(giveUp(storage, of(2n), { ...by, reason: 'x' })).rejects.toMatchObject({ code: 'LF_NOT_WITHHELD' });
  for (const reason of ['', ' ', 'x'.repeat(201), 'a\nb'])
    await expect(giveUp(storage, of(1n), { ...by, reason })).rejects.toMatchObject({
      code: 'LF_WITHHELD_REQUEST_INVALID',
    });
  await expect(redrive(storage, keyOf('o1'), { by: '' })).rejects.toMatchObject({
    code: 'LF_WITHHELD_REQUEST_INVALID',
  });
});
test('R15 where even the small record is refused the lane stops, and nothing is skipped', async () => {
  const storage = memory();
  const refused = { topic: TOPIC, partition: 0, kind: 'notWritten', refused: true, cause: tooLarge() } as const;
  const broker = refusingBroker({ cents: 0 }, 1, () => refused);
  await append(storage.store, 'o1', [pay(1)]);
  const running = await relaying(storage, broker);
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_WITHHELD_REFUSED' } });
  expect(lane(running)).toMatchObject({ state: 'stopped' });
  expect(story(broker)).toEqual([]);
});
test('R15 a key with thousands of withheld events is redriven in steps, while events of it and of others come', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const running = await relaying(storage, broker);
  await append(storage.store, 'o1', [pay(999)]);
  for (let n = 0; n < 12; n++)
    await append(
      storage.store,
      'o1',
      Array.from({ length: 100 }, () => pay(1)),
    );
  await running.caughtUp();
  expect(await heads(storage)).toEqual([['shop.order-o1', 1n, 1_201]]);
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  let [more, open] = [0, 1];
  while (open > 0) {
    more += 1;
    await append(storage.store, 'o1', [pay(2)]);
    await append(storage.store, 'o2', [pay(2)]);
    await running.caughtUp();
    open = (await heads(storage)).length;
  }
  await append(storage.store, 'o1', [pay(3)]);
  await running.caughtUp();
  const arrived = told(broker)
    .flat()
    .filter(({ key, what }) => key === 'o1' && what !== 'withheld');
  expect(arrived.map(({ version }) => version)).toEqual(Array.from({ length: 1_201 + more + 1 }, (_, n) => n + 1));
  expect(arrived.at(-1)?.what).toBe('event');
  const others = told(broker)
    .flat()
    .filter(({ key }) => key === 'o2');
  expect(others.map(({ version, what }) => [version, what])).toEqual(
    Array.from({ length: more }, (_, n) => [n + 1, 'event']),
  );
});
test('a lane of which nothing is withheld asks for nothing, one of which something is looks now and then', async () => {
  const storage = memory({ lanes: 2 });
  const asked: [lane: string, what: string][] = [];
  const { keys, requested } = {
    keys: (claim: Claim) => (asked.push([claim.lane, 'keys']), storage.withheld.keys(claim)),
    requested: (claim: Claim) => (asked.push([claim.lane, 'requested']), storage.withheld.requested(claim)),
  };
  const counting = new Proxy(storage.withheld, {
    get: (target, name: keyof Withheld) => {
      if (name === 'keys') return keys;
      return name === 'requested' ? requested : target[name].bind(target);
    },
  });
  const broker = refusingBroker({ cents: 100 }, 2);
  const running = await relaying({ ...storage, withheld: counting }, broker);
  await append(storage.store, 'o1', [pay(999)]);
  for (let n = 2; n < 10; n++) await append(storage.store, `o${n}`, [pay(1)]);
  await running.caughtUp();
  const [{ head } = {}] = await Array.fromAsync(withheldKeys(storage));
  await until(() => expect(asked.filter(([, what]) => what === 'requested')).toHaveLength(2));
  expect(new Set(asked.flatMap(([of, what]) => (what === 'requested' ? of : [])))).toEqual(new Set([head?.lane]));
  expect(asked.filter(([, what]) => what === 'keys')).toHaveLength(2);
});

test('R15 a consumer parks the key of a withheld event that it handles, with what to do, and goes on by itself after the redrive, in order', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999), pay(1)]);
  const running = await relaying(storage, broker);
  await append(storage.store, 'o2', [placed({ customer: 'd' })]);
  const consumer = await follow(orderList, { from: broker.source, storage });
  onTestFinished(() => consumer.stop());
  await until(() => expect(lane(consumer)).toMatchObject({ state: 'following', parkedKeys: 1 }));
  await until(async () => {
    const [parked] = await storage.parked.list({ limit: 10 });
    expect(parked).toMatchObject({
      key: 'stream/shop.order-o1',
      events: 2,
      first: { type: 'shop.order.paid', streamVersion: 2n },
      cause: { code: 'LF_RECORD_WITHHELD', text: expect.stringMatching(/LF_RECORD_REFUSED.*redrive/) as string },
    });
  });
  const rows = () => storage.readModels.reader([orderList.rowTable]).all(orderList.rowTable.name);
  await until(() => expect(rows()).toMatchObject([{ steps: 'placed' }, { steps: 'placed' }]));
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  await until(async () => expect(await heads(storage)).toEqual([]));
  await append(storage.store, 'o1', [pay(2)]);
  await running.caughtUp();
  await until(() => expect(rows()).toMatchObject([{ steps: 'placed 999 1 2' }, { steps: 'placed' }]));
  expect(await storage.parked.list({ limit: 10 })).toEqual([]);
});
test('R15 a consumer passes an event that was given up', async () => {
  const storage = memory();
  const broker = refusingBroker({ cents: 100 });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  await append(storage.store, 'o2', [placed({ customer: 'd' }), pay(1)]);
  const running = await relaying(storage, broker);
  await running.caughtUp();
  await giveUp(storage, { ...keyOf('o1'), streamVersion: 2n as StreamVersion }, { ...by, reason: 'lost' });
  await until(async () => expect(await heads(storage)).toEqual([]));
  const totals = await follow(customerTotals, { from: broker.source, storage });
  onTestFinished(() => totals.stop());
  const rows = () => storage.readModels.reader([customerTotals.rowTable]).all(customerTotals.rowTable.name);
  await until(() =>
    expect(rows()).toMatchObject([
      { customer: 'c', orders: 1, cents: 1 },
      { customer: 'd', orders: 1, cents: 0 },
    ]),
  );
});
test('R15 a reader passes a withheld event of a type, or a category, that it does not look at, and stops at others', async () => {
  const storage = memory();
  const broker = refusingBroker({ cents: 100 });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  await append(storage.store, 'o2', [placed({ customer: 'd' })]);
  await (await relaying(storage, broker)).caughtUp();
  const read = async (only: Reader['only']): Promise<readonly string[]> => {
    const got: string[] = [];
    const stop = new AbortController();
    await broker.source.run(
      {
        name: 'reader',
        ...(only && { only }),
        until: await broker.source.head(),
        from: async () => 'start',
        handle: async ({ records }) => void got.push(...records.map(({ key, type }) => `${key} ${type.split('.')[2]}`)),
        faulted: (_, error) => {
          got.push((error as { code: string }).code);
          stop.abort();
        },
      },
      stop.signal,
    );
    return got;
  };
  expect(await read({ types: ['shop.order.placed'] })).toEqual(['o1 placed', 'o2 placed']);
  expect(await read({ categories: ['shop.bill'] })).toEqual(['o1 placed', 'o2 placed']);
  for (const only of [undefined, { types: ['shop.order.paid'] }, { categories: ['shop.order'] }])
    expect(await read(only)).toEqual(['o1 placed', 'LF_RECORD_WITHHELD']);
});
test('R15 a registry that is away keeps a redrive waiting, and nobody else; a payload that no longer fits stays withheld, with its cause', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const codec = new ScriptedCodec();
  const first = await relaying(storage, { ...broker, codec }, { owner: 'relay' });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999), shipped({})]);
  await first.caughtUp();
  await first.stop();
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  const fresh = new ScriptedCodec();
  let isUnfit = true;
  const scripted = {
    ...broker,
    codec: {
      contentType: fresh.contentType,
      prepare: (...args: Parameters<typeof fresh.prepare>) => fresh.prepare(...args),
      encode: (payload: string) => {
        if (isUnfit && payload.includes('999')) throw new TypeError('it says 999');
        return fresh.encode(payload);
      },
      decode: (...args: Parameters<typeof fresh.decode>) => fresh.decode(...args),
    },
  };
  await append(storage.store, 'o2', [placed({ customer: 'c' })]);
  const [known, ...unknown] = (await Array.fromAsync(storage.store.read(streamRef('shop.order', 'o1')))).flat();
  for (const { schema } of unknown) fresh.faultOf.set(schema.fingerprint, registryFault('LF_REGISTRY_UNAVAILABLE'));
  expect([...fresh.faultOf.keys()]).not.toContain(known?.schema.fingerprint);
  const second = await relaying(storage, scripted, { owner: 'relay' });
  await until(() => expect(fresh.asked).toBeGreaterThan(2));
  await second.caughtUp();
  expect(story(broker).at(-1)).toBe('o2@1');
  expect(lane(second)).toMatchObject({ state: 'following' });
  expect((await storage.withheld.list({ limit: 1 }))[0]?.head).toMatchObject({ attempts: 1, request: by });
  fresh.faultOf.clear();
  await until(async () => {
    const [{ head } = {}] = await storage.withheld.list({ limit: 1 });
    expect(head).toMatchObject({ attempts: 2, cause: { code: 'LF_PAYLOAD_UNENCODABLE' } });
    expect(head?.cause.text).not.toContain('it says');
    expect(head?.request).toBeUndefined();
  });
  isUnfit = false;
  await redrive(storage, keyOf('o1'), by);
  await until(async () => expect(await heads(storage)).toEqual([]));
  expect(story(broker).slice(-2)).toEqual(['o1@2 redriven', 'o1@3 redriven']);
  expect(lane(second)).toMatchObject({ state: 'following' });
});
test('a private event between withheld ones is not sent, and does not keep the others', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const running = await relaying(storage, broker);
  await append(storage.store, 'o1', [pay(999), noted({ note: 'x' }), pay(1), shipped({})]);
  await running.caughtUp();
  limit.cents = 1_000;
  await redrive(storage, keyOf('o1'), by);
  await until(async () => expect(await heads(storage)).toEqual([]));
  expect(story(broker)).toEqual([
    ...[1, 3, 4].map((v) => `o1@${v} withheld`),
    ...[1, 3, 4].map((v) => `o1@${v} redriven`),
  ]);
});
