import 'reflect-metadata';
import { aggregate, encodeEvent, event, streamRef, t, uuidV7, type EventId } from '@leftfold/core';
import { memory, type MemoryStorage } from '@leftfold/memory';
import { Followers, InjectRepository, LeftfoldModule, type LeftfoldOptions } from '@leftfold/nestjs';
import { projection } from '@leftfold/subscriptions';
import { Injectable, type Provider } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';

const opened = event('bank.account.opened', { owner: t.string() });
const accounts = projection('accounts', { version: 1, key: 'id', row: { id: t.string() } }).insert(
  opened,
  ({ stream }) => ({ id: stream.key }),
);
const owners = projection('owners', {
  version: 1,
  key: 'owner',
  row: { owner: t.string(), accounts: t.int() },
  order: 'any',
}).upsert(opened, { by: 'owner' }, (row, { data: { owner } }) => ({ owner, accounts: (row?.accounts ?? 0) + 1 }));

async function bankOn(storage: MemoryStorage) {
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage }),
      LeftfoldModule.forFeature({ projections: [accounts, owners] }),
      LeftfoldModule.projector(),
    ],
  }).compile();
  return module.createNestApplication({ logger: false });
}
const open = async ({ store }: MemoryStorage, id: string): Promise<void> => {
  const one = encodeEvent(opened, opened({ owner: 'ann' }), uuidV7() as EventId, { correlationId: 'test' });
  await store.append([{ stream: streamRef('bank.account', id), expect: 'absent', events: [one] }]);
};

test('what appends feed has its tables from the start, and a projector follows of it only what may be fed twice', async () => {
  const storage = memory({ inline: [accounts, owners] });
  const app = await bankOn(storage);
  await app.init();
  const rows = storage.readModels.reader([accounts.rowTable, owners.rowTable]);
  expect([...rows.all('accounts'), ...rows.all('owners')]).toEqual([]);
  const followed = app
    .get(DiscoveryService, { strict: false })
    .getProviders()
    .flatMap(({ instance }) => (instance instanceof Followers ? instance.all : []));
  expect(followed.map(({ name }) => name)).toEqual(['accounts']);
  await open(storage, 'a');
  await open(storage, 'b');
  expect(rows.all('owners')).toEqual([{ owner: 'ann', accounts: 2 }]);
  await followed[0]?.running.caughtUp();
  expect(rows.all('accounts')).toHaveLength(2);
  await app.close();
});

test('an application whose appends may not feed a projection does not start', async () => {
  const storage = memory({ inline: [owners] });
  // As if it had been followed before.
  const claim = await storage.checkpoints.claim({ name: 'owners', version: 1 }, '0' as never, {
    owner: 'a projector',
    leaseMs: 5_000,
    respectLease: true,
  });
  if (claim)
    await storage.checkpoints.save(claim, { from: 'start', to: 'somewhere' as never, ledger: { source: 'log' } });
  const app = await bankOn(storage);
  await expect(app.init()).rejects.toMatchObject({ code: 'LF_SOURCE_CHANGED' });
  await app.close();
});

test('an application that writes what others feed inline, and does not list it, does not start; one that writes nothing of it does', async () => {
  const storage = memory({ inline: [owners] });
  await storage.inline?.prepare();
  const { inline, ...unlisting } = storage;
  expect(inline?.projections).toEqual([owners]);
  const account = aggregate('bank.account', { events: { opened }, initial: () => ({}), refusals: {} })
    .evolve({ opened: (state) => state })
    .decide({ open: (_state, owner: string) => [opened({ owner })] });
  const start = async (providers: readonly Provider[], options: Pick<LeftfoldOptions, 'storage'>) => {
    const module = await Test.createTestingModule({
      imports: [
        LeftfoldModule.forRoot({ service: 'bank', ...options }),
        LeftfoldModule.forFeature({ aggregates: [account], projections: [owners] }),
      ],
      providers: [...providers],
    }).compile();
    onTestFinished(() => module.close());
    await module.init();
  };
  @Injectable()
  class Accounts {
    constructor(@InjectRepository(account) readonly repository: unknown) {}
  }
  await expect(start([Accounts], { storage: unlisting })).rejects.toMatchObject({
    code: 'LF_INLINE_UNLISTED',
    message: expect.stringContaining('owners version 1'),
  });
  await start([], { storage: unlisting });
  await start([Accounts], { storage });
});
