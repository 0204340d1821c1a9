import 'reflect-metadata';
import { setImmediate } from 'node:timers/promises';
import { memory, memoryBroker } from '@leftfold/memory';
import {
  Followers,
  InjectReadModels,
  InjectRepository,
  LeftfoldHealthModule,
  LeftfoldModule,
  optionsToken,
} from '@leftfold/nestjs';
import { projection, stop } from '@leftfold/subscriptions';
import type { AnyProjection, Broker, Storage } from '@leftfold/subscriptions';
import { aggregate, repository, t } from '@leftfold/core';
import type { Repository } from '@leftfold/core';
import { Injectable, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { caughtUp } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { account, accounts, BankModule } from './bank.ts';

const followersOf = (discovery: DiscoveryService) =>
  discovery.getProviders().flatMap(({ instance }) => (instance instanceof Followers ? instance.all : []));

test('relay and projector start with the application, and drain before the connections are closed', async () => {
  const storage = memory();
  const stopped: string[] = [];
  @Injectable()
  class Pool implements OnApplicationShutdown {
    onApplicationShutdown(): void {
      stopped.push('pool');
    }
  }
  @Module({ providers: [Pool] })
  class PoolModule {}
  const module = await Test.createTestingModule({
    imports: [
      PoolModule,
      LeftfoldModule.forRoot({ service: 'bank', storage, broker: memoryBroker() }),
      BankModule,
      LeftfoldModule.relay(),
      LeftfoldModule.projector(),
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  const followers = followersOf(app.get(DiscoveryService, { strict: false }));
  expect(followers.map(({ name }) => name).toSorted()).toEqual(['accounts', 'relay']);
  for (const { name, running } of followers) {
    const stop = running.stop.bind(running);
    Object.assign(running, { stop: async () => (await stop(), void stopped.push(name)) });
  }

  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await caughtUp(followers.map(({ running }) => running));
  expect(storage.readModels.reader([accounts.rowTable]).all('accounts')).toMatchObject([{ id: 'a', owner: 'Ann' }]);
  await app.close();
  expect(stopped.at(-1)).toBe('pool');
  expect(stopped).toHaveLength(3);
});

test('without a broker projections follow the log itself', async () => {
  const storage = memory();
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'bank', storage }), BankModule, LeftfoldModule.projector()],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await caughtUp(followersOf(app.get(DiscoveryService, { strict: false })).map(({ running }) => running));
  expect(storage.readModels.reader([accounts.rowTable]).all('accounts')).toHaveLength(1);
  await app.close();
});

test('when one of several followers cannot start, none is left running', async () => {
  const storage = memory();
  const row = { id: t.string() };
  const { rowTable } = projection('changed', { version: 1, key: 'id', row });
  await storage.readModels.prepare(rowTable);
  const changed = projection('changed', { version: 1, key: 'id', row: { ...row, more: t.int() } });
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage }),
      LeftfoldModule.projector({ only: [accounts, changed] }),
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await expect(app.init()).rejects.toMatchObject({ code: 'LF_ROW_TABLE_CHANGED' });
  const followers = followersOf(app.get(DiscoveryService, { strict: false }));
  expect(followers.map(({ name, running }) => [name, running.status().isRunning])).toEqual([['accounts', false]]);
  await app.close();
});
test('a follower that is only just starting is stopped, too', async () => {
  const storage = memory();
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const { promise: answer, resolve: answerIt } = Promise.withResolvers<void>();
  const slow: Storage = {
    ...storage,
    readModels: {
      prepare: async (tables) => (asked(), await answer, storage.readModels.prepare(tables)),
      transaction: (...args) => storage.readModels.transaction(...args),
      transactions: (parts) => storage.readModels.transactions(parts),
      appliedAhead: () => storage.readModels.appliedAhead(),
      aside: () => storage.readModels.aside(),
      reader: (tables) => storage.readModels.reader(tables),
    },
  };
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage: slow }),
      LeftfoldModule.projector({ only: [accounts] }),
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  const started = app.init();
  await isAsked;
  const closed = app.close();
  // Whoever does not wait for what is starting has closed by then.
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  answerIt();
  await Promise.all([started, closed]);
  const [follower] = followersOf(app.get(DiscoveryService, { strict: false }));
  expect(follower?.running.status().isRunning).toBe(false);
});
test('a relay without a broker is refused at start', async () => {
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'bank', storage: memory() }), LeftfoldModule.relay()],
  }).compile();
  await expect(module.createNestApplication({ logger: false }).init()).rejects.toMatchObject({ code: 'LF_NO_BROKER' });
});

test('two projections of one name are refused at start', async () => {
  const other = projection('accounts', { version: 2, key: 'id', row: { id: t.string() } });
  const module = Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage: memory() }),
      BankModule,
      LeftfoldModule.forFeature({ projections: [other] }),
    ],
  });
  await expect(
    module.compile().then((built) => built.createNestApplication({ logger: false }).init()),
  ).rejects.toMatchObject({
    code: 'LF_PROJECTION_DUPLICATE',
  });
});

test('options may come from a factory, and a test may override them', async () => {
  const storage = memory();
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRootAsync({ useFactory: () => ({ service: 'bank', storage: memory() }) }), BankModule],
  })
    .overrideProvider(optionsToken())
    .useValue({ service: 'bank', storage })
    .compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  expect(app.get(optionsToken())).toMatchObject({ storage });
  await app.close();
});

test('two instances have repositories and read models of their own', async () => {
  const [north, south] = [memory(), memory()];
  @Injectable()
  class Both {
    constructor(
      @InjectReadModels() readonly ofNorth: unknown,
      @InjectReadModels('south') readonly ofSouth: unknown,
      @InjectRepository(account) readonly inNorth: Repository<typeof account>,
      @InjectRepository(account, 'south') readonly inSouth: Repository<typeof account>,
    ) {}
  }
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'north', storage: north }),
      LeftfoldModule.forRoot({ service: 'south', storage: south, instance: 'south' }),
      LeftfoldModule.forFeature({ aggregates: [account], instance: 'south' }),
      BankModule,
    ],
    providers: [Both],
  }).compile();
  const both = module.get(Both);
  expect(both.ofNorth).not.toBe(both.ofSouth);
  await both.inSouth.open('a', { owner: 'Ann', limit: 1n });
  expect((await both.inNorth.load('a')).version).toBe(0n);
  expect((await repository(account, south.store).load('a')).version).toBe(1n);
});

/** An application that follows one projection, and what it says of its readiness. */
async function readinessOf(storage: Storage, followed: AnyProjection, broker?: Broker) {
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage, ...(broker && { broker }) }),
      LeftfoldModule.projector({ only: [followed] }),
      LeftfoldHealthModule,
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    url,
    ready: async () => {
      const response = await fetch(`${url}/health/ready`);
      return { status: response.status, text: await response.text() };
    },
  };
}
const showing = (text: string) => expect.stringContaining(text) as string;

test('readiness shows where each follower stands, and is 503 when a lane is stopped', async () => {
  const storage = memory();
  const failing = projection('failing', {
    version: 1,
    key: 'id',
    row: { id: t.string() },
    recovery: { live: stop() },
  }).insert(account.events.opened, () => {
    throw new Error('a bug in the fold');
  });
  const { url, ready } = await readinessOf(storage, failing);
  expect(await ready()).toMatchObject({ status: 200, text: showing('failing') });
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await expect.poll(ready).toMatchObject({ status: 503, text: showing('LF_FOLD_FAILED') });
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
});
test('C16 a process that meets an event newer than its code is not ready', async () => {
  const storage = memory();
  const { opened } = account.events;
  const newer = opened.version(2, { owner: t.string(), limit: t.long() }, { up: (old) => old });
  const later = aggregate('bank.account', { events: { newer }, initial: () => 0 })
    .evolve({ newer: (n) => n + 1 })
    .decide({ open: () => [newer({ owner: 'Ann', limit: 1n })] });
  const { ready } = await readinessOf(storage, accounts);
  await repository(later, storage.store).open('a');
  await expect.poll(ready).toMatchObject({ status: 503, text: showing('LF_NEWER_EVENT') });
});
test('C5 a process whose follower has ended is not ready', async () => {
  const broker = memoryBroker();
  const source = {
    name: broker.source.name,
    ownership: broker.source.ownership,
    run: async () => Promise.reject(Object.assign(new Error('made up'), { code: 'LF_BROKER_REFUSED' })),
    head: () => broker.source.head(),
    restore: async () => [],
    hasPassed: () => false,
  };
  const { ready } = await readinessOf(memory(), accounts, { ...broker, source });
  await expect.poll(ready).toMatchObject({ status: 503, text: showing('LF_BROKER_REFUSED') });
});
