import 'reflect-metadata';
import { aggregate, event, t } from '@leftfold/core';
import type { Repository } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { LeftfoldModule, repositoryToken } from '@leftfold/nestjs';
import { ConsoleLogger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';

const opened = event('bank.account.opened', { cents: t.double() });
const account = aggregate('bank.account', {
  events: { opened },
  initial: () => ({ cents: 0 }),
  snapshot: { every: 1, version: 1, state: t.record('State', { cents: t.int() }) },
})
  .evolve({ opened: (_, { cents }) => ({ cents }) })
  .decide({ open: () => [opened({ cents: 0.5 })] });

test('a state that cannot be snapshotted is told in the application’s log, once; the command is carried out', async () => {
  const warnings: unknown[] = [];
  class Logger extends ConsoleLogger {
    override log(): void {}
    override warn(message: unknown): void {
      warnings.push(message);
    }
  }
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage: memory() }),
      LeftfoldModule.forFeature({ aggregates: [account] }),
    ],
  })
    .setLogger(new Logger())
    .compile();
  onTestFinished(() => module.close());
  const accounts = module.get<Repository<typeof account>>(repositoryToken(account));
  expect((await accounts.open('a-1')).version).toBe(1n);
  await accounts.open('a-2');
  expect(warnings).toEqual([
    expect.stringMatching(/^LF_SNAPSHOT_STATE_INVALID the state of bank\.account-a-1 .*cents/),
  ]);
});
