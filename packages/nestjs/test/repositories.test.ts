import 'reflect-metadata';
import { aggregate, event, t } from '@leftfold/core';
import type { EventStore, ReadOptions, Repository } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { LeftfoldModule, repositoryToken } from '@leftfold/nestjs';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';

const opened = event('bank.account.opened', { owner: t.string() });
const account = aggregate('bank.account', { events: { opened }, initial: () => ({ owners: 0 }) })
  .evolve({ opened: ({ owners }) => ({ owners: owners + 1 }) })
  .decide({ open: (_, input: { readonly owner: string }) => [opened(input)] });

test('a feature says how its repositories work: with a cache they read a stream from its last event on', async () => {
  const storage = memory();
  const reads: (bigint | undefined)[] = [];
  const store: EventStore = Object.create(storage.store, {
    read: {
      value: (stream: Parameters<EventStore['read']>[0], options?: ReadOptions) => {
        reads.push(options?.after);
        return storage.store.read(stream, options);
      },
    },
    append: { value: storage.store.append.bind(storage.store) },
  });
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage: { ...storage, store } }),
      LeftfoldModule.forFeature({ aggregates: [account], repositories: { cache: { entries: 10 } } }),
    ],
  }).compile();
  onTestFinished(() => module.close());
  const accounts = module.get<Repository<typeof account>>(repositoryToken(account));
  for (const owner of ['ada', 'bob', 'eve']) await accounts.open('a-1', { owner });
  expect(reads.at(-1)).toBe(1n);
  expect((await accounts.load('a-1')).state.owners).toBe(3);
});

test('what a repository does not take is refused at start', async () => {
  const imports = [
    LeftfoldModule.forRoot({ service: 'bank', storage: memory() }),
    LeftfoldModule.forFeature({ aggregates: [account], repositories: { attempts: 21 } }),
  ];
  await expect(Test.createTestingModule({ imports }).compile()).rejects.toMatchObject({
    code: 'LF_OPTION_OUT_OF_RANGE',
  });
});
