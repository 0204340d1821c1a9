import 'reflect-metadata';
import { event, repository, t } from '@leftfold/core';
import { memory, type MemoryStorage } from '@leftfold/memory';
import { LeftfoldHealth, LeftfoldModule, type LeftfoldOptions } from '@leftfold/nestjs';
import { LeftfoldIndicators, LeftfoldIndicatorsModule } from '@leftfold/nestjs/terminus';
import { projection, ReadModelForbidden, type Lane, type ModelTables } from '@leftfold/subscriptions';
import { collectLogs } from '@leftfold/testing';
import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { account } from './bank.ts';

afterEach(() => void vi.useRealTimers());

const happened = event('bank.account.opened', { owner: t.string() });
const named = (name: string) =>
  projection(name, { version: 1, key: 'id', row: { id: t.string() } }).upsert(happened, (_, { stream }) => ({
    id: stream.key,
  }));
const options = (storage: LeftfoldOptions['storage']): LeftfoldOptions => ({
  service: 'bank',
  storage,
  logger: collectLogs(),
});
/** A storage that says of each lane how many keys are parked as it is told to. */
const counting = (storage: MemoryStorage, count: () => Promise<ReadonlyMap<Lane, number>>): MemoryStorage => ({
  ...storage,
  parked: Object.assign(Object.create(storage.parked) as typeof storage.parked, { count }),
});

async function application(...imports: readonly DynamicModule[]) {
  const module = await Test.createTestingModule({ imports: [LeftfoldIndicatorsModule, ...imports] }).compile();
  await module.init();
  onTestFinished(() => module.close());
  return { indicators: module.get(LeftfoldIndicators), health: module.get(LeftfoldHealth, { strict: false }) };
}

test('many followers are measured seldom each, and none of them is taken for one that nobody can measure', async () => {
  const many = Array.from({ length: 12 }, (_, n) => named(`projection-${n}`));
  const { indicators } = await application(
    LeftfoldModule.forRoot(options(memory())),
    LeftfoldModule.forFeature({ projections: many }),
    LeftfoldModule.lag({ from: 'log' }),
  );
  const statuses = async () => new Set(Object.values(await indicators.projections()).map(({ status }) => status));
  await expect.poll(async () => Object.keys(await indicators.projections()).length).toBe(many.length);
  const measuredAt = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: measuredAt + many.length * 10_000 + 5_000 });
  expect(await statuses()).toEqual(new Set(['up']));
  vi.setSystemTime(measuredAt + 4 * many.length * 10_000);
  expect(await statuses()).toEqual(new Set(['down']));
});

test('parked keys are answered for within a second, also while no server answers, and nobody is asked twice meanwhile', async () => {
  let asked = 0;
  const answer = Promise.withResolvers<ReadonlyMap<Lane, number>>();
  const storage = counting(memory(), () => ((asked += 1), answer.promise));
  const { indicators } = await application(
    LeftfoldModule.forRoot(options(storage)),
    LeftfoldModule.forFeature({ projections: [named('accounts')] }),
  );
  expect(await indicators.deadLetters()).toMatchObject({ deadLetters: { status: 'down', why: expect.any(String) } });
  // However long it takes: as if a minute had passed.
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.advanceTimersByTime(60_000);
  await Promise.all([indicators.deadLetters(), indicators.deadLetters()]);
  expect(asked).toBe(1);
  answer.resolve(new Map());
  expect(await indicators.deadLetters()).toMatchObject({ deadLetters: { status: 'up', keys: 0 } });
});

test('of followers of one name in two instances the worst shows, and parked keys are added up', async () => {
  const one = async () => new Map([['0' as Lane, 1]]);
  const [first, second] = [counting(memory(), one), counting(memory(), one)];
  await repository(account, second.store).open('a', { owner: 'Ann', limit: 1n });
  const both = [undefined, 'second'].flatMap((instance) => {
    const named_ = instance === undefined ? {} : { instance };
    return [
      LeftfoldModule.forRoot({ ...options(instance === undefined ? first : second), ...named_ }),
      LeftfoldModule.forFeature({ projections: [named('accounts')], ...named_ }),
      LeftfoldModule.lag({ from: 'log', ...named_ }),
    ];
  });
  const { indicators } = await application(...both);
  expect(await indicators.deadLetters()).toMatchObject({ deadLetters: { status: 'down', keys: 2 } });
  await expect.poll(() => indicators.projections()).toMatchObject({ accounts: { status: 'up', events: 1 } });
  await expect
    .poll(() => indicators.projections({ maxLagMs: -1 }))
    .toMatchObject({ accounts: { status: 'down', events: 1 } });
});

test('a process that may only read starts before its projector, is not ready until there is something to read, and then is', async () => {
  const storage = memory();
  const { readModels } = storage;
  const reading = Object.assign(Object.create(readModels) as typeof readModels, {
    prepare: (tables: ModelTables) => Promise.reject(new ReadModelForbidden(tables)),
  });
  const accounts = named('accounts');
  const { health } = await application(
    LeftfoldModule.forRoot(options({ ...storage, readModels: reading })),
    LeftfoldModule.forFeature({ projections: [accounts] }),
  );
  expect(health.check()).toMatchObject({ status: 'down', readModels: [{ projection: 'accounts', reads: null }] });
  await readModels.prepare(accounts.tables);
  await expect
    .poll(() => health.check(), { timeout: 20_000 })
    .toMatchObject({ status: 'up', readModels: [{ reads: 1 }] });
});
