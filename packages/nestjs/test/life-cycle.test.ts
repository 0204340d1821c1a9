import 'reflect-metadata';
import { memory, memoryBroker } from '@leftfold/memory';
import { Followers, InjectReadModels, LeftfoldHealthModule, LeftfoldModule, optionsToken } from '@leftfold/nestjs';
import { projection } from '@leftfold/subscriptions';
import { repository, t } from '@leftfold/core';
import { Injectable, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { caughtUp } from '@leftfold/testing';
import { expect, test } from 'vitest';
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
});

test('readiness shows where each follower stands, and is 503 when a lane is stopped', async () => {
  const storage = memory();
  const failing = projection('failing', { version: 1, key: 'id', row: { id: t.string() } }).insert(
    account.events.opened,
    () => {
      throw new Error('a bug in the fold');
    },
  );
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage }),
      LeftfoldModule.forFeature({ projections: [failing] }),
      LeftfoldModule.projector(),
      LeftfoldHealthModule,
    ],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const ready = async () => {
    const response = await fetch(`${await app.getUrl()}/health/ready`);
    return { status: response.status, text: await response.text() };
  };
  expect(await ready()).toMatchObject({ status: 200, text: expect.stringContaining('failing') as string });
  await repository(account, storage.store).open('a', { owner: 'Ann', limit: 1n });
  await expect.poll(ready).toMatchObject({ status: 503, text: expect.stringContaining('LF_FOLD_FAILED') as string });
  expect((await fetch(`${await app.getUrl()}/health/live`)).status).toBe(200);
  await app.close();
});
