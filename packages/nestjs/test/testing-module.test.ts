import 'reflect-metadata';
import { memory, memoryBroker } from '@leftfold/memory';
import { Followers, InjectRepository, LeftfoldModule, On, Reaction } from '@leftfold/nestjs';
import { testingModule } from '@leftfold/nestjs/testing';
import type { TestingApp, TestingModuleOptions } from '@leftfold/nestjs/testing';
import { aggregate, event, t } from '@leftfold/core';
import type { RecordedOf, Repository } from '@leftfold/core';
import { projection, retry, stop } from '@leftfold/subscriptions';
import type { Effect, Running, Storage } from '@leftfold/subscriptions';
import { Injectable, Module } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { expect, onTestFinished, test } from 'vitest';
import { repositoryToken } from '../src/inject.ts';

// A bill is paid or reminded of: by a reaction, whose command records an event, which another reaction mails.
const billed = event('shop.bill.sent', { to: t.string(), at: t.timestampMillis() });
const reminded = event('shop.bill.reminded', { to: t.string() });
const bill = aggregate('shop.bill', { events: { billed, reminded }, initial: () => ({ to: '', reminders: 0 }) })
  .evolve({
    billed: (state, { to }) => ({ ...state, to }),
    reminded: (state) => ({ ...state, reminders: state.reminders + 1 }),
  })
  .decide({
    send: (_, to: string, { now }) => [billed({ to, at: now })],
    remind: ({ to, reminders }) => (reminders > 0 ? [] : [reminded({ to })]),
  });
const bills = projection('bills', {
  version: 1,
  key: 'id',
  row: { id: t.string(), to: t.string(), reminders: t.int() },
})
  .insert(billed, ({ data, stream }) => ({ id: stream.key, to: data.to, reminders: 0 }))
  .update(reminded, ({ reminders }) => ({ reminders: reminders + 1 }));

@Injectable()
class Mailer {
  readonly sent: string[] = [];
  failures = 0;
  async send(to: string): Promise<void> {
    if (this.failures-- > 0) throw new Error('the provider is away');
    this.sent.push(to);
  }
}
@Reaction({ name: 'reminder', replay: 'skip' })
class Reminder {
  constructor(@InjectRepository(bill) private readonly repository: Repository<typeof bill>) {}
  @On(billed)
  async remind({ stream }: RecordedOf<typeof billed>): Promise<void> {
    await this.repository.remind(stream.key);
  }
}
@Reaction({ name: 'reminder-mail', replay: 'skip' })
class ReminderMail {
  constructor(private readonly mailer: Mailer) {}
  @On(reminded)
  async mail({ data }: RecordedOf<typeof reminded>, _effect: Effect): Promise<void> {
    await this.mailer.send(data.to);
  }
}
@Module({
  imports: [LeftfoldModule.forFeature({ aggregates: [bill], projections: [bills] })],
  providers: [Mailer, { provide: Reminder, useClass: Reminder }, ReminderMail],
})
class BillsModule {}

async function started(options: TestingModuleOptions): Promise<TestingApp> {
  const app = await testingModule(options);
  onTestFinished(() => app.close());
  return app;
}
const repositoryIn = (app: TestingApp) => app.get<Repository<typeof bill>>(repositoryToken(bill) as never);
function runningIn({ app }: TestingApp, name: string): Running {
  const all = app
    .get(DiscoveryService, { strict: false })
    .getProviders()
    .flatMap(({ instance }) => (instance instanceof Followers ? instance.all : []));
  return all.find((one) => one.name === name)?.running as Running;
}
const rows = ({ storage }: TestingApp) => storage.readModels.reader([bills.rowTable]).all('bills');

test('a slice runs as it is, on memory, and everything that it has follows; consequences included', async () => {
  for (const broker of [false, true]) {
    const app = await started({ imports: [BillsModule], broker });
    expect(app.broker !== undefined).toBe(broker);
    await repositoryIn(app).send('b-1', 'ann');
    await app.caughtUp();
    expect(rows(app)).toMatchObject([{ id: 'b-1', to: 'ann', reminders: 1 }]);
    expect(app.get(Mailer).sent).toEqual(['ann']);
  }
});
test('the clock stands still until it is advanced: decisions and events have its time', async () => {
  const app = await started({ imports: [BillsModule], now: new Date('2030-06-01T00:00:00Z') });
  const sentAt = async (id: string) => {
    await repositoryIn(app).send(id, 'ann');
    const pages = app.storage.store.read(bill.stream(id));
    const [stored] = (await Array.fromAsync(pages)).flat();
    return [(JSON.parse(stored?.payload ?? '{}') as { at?: string }).at, stored?.recordedAt.toISOString()];
  };
  expect(await sentAt('b-1')).toEqual(Array(2).fill('2030-06-01T00:00:00.000Z'));
  await app.advance(86_400_000);
  expect(await sentAt('b-2')).toEqual(Array(2).fill('2030-06-02T00:00:00.000Z'));
  expect(app.now()).toEqual(new Date('2030-06-02T00:00:00Z'));
});
test('an effect that failed waits for the clock, says so meanwhile, and is tried again as it is advanced', async () => {
  const app = await started({ imports: [BillsModule] });
  app.get(Mailer).failures = 3;
  await repositoryIn(app).send('b-1', 'ann');
  await expect(app.caughtUp({ timeoutMs: 200 })).rejects.toThrow('retrying: Error');
  expect(app.get(Mailer).sent).toEqual([]);
  await app.advance(500);
  expect(app.get(Mailer).sent).toEqual([]);
  await app.advance(60_000);
  await app.caughtUp();
  expect(app.get(Mailer).sent).toEqual(['ann']);
});
test('an effect that never ends shows in the status, is given up as the clock is advanced, and is parked in the end', async () => {
  const told: number[] = [];
  const never = async (_: string, { signal, attempt }: Effect): Promise<void> => {
    signal.addEventListener('abort', () => told.push(attempt));
    await new Promise(() => {});
  };
  @Reaction({
    name: 'hanging',
    replay: 'skip',
    recovery: { live: retry({ times: 1, backoffMs: 1_000, then: 'park' }) },
  })
  class Hanging {
    @On(billed)
    async on({ data }: RecordedOf<typeof billed>, effect: Effect): Promise<void> {
      await never(data.to, effect);
    }
  }
  const app = await started({ imports: [BillsModule], providers: [Hanging] });
  await repositoryIn(app).send('b-1', 'ann');
  await expect(app.caughtUp({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP' });
  const running = runningIn(app, 'hanging');
  expect(running.status().lanes.flatMap(({ underWay = [] }) => underWay)).toMatchObject([
    { attempt: 1, event: { type: 'shop.bill.sent' } },
  ]);
  await app.advance(60_000);
  expect(told).toEqual([1]);
  await app.advance(200_000);
  await app.caughtUp();
  expect(told).toEqual([1, 2]);
  const [head] = await app.storage.parked.list({ limit: 1 });
  expect(head).toMatchObject({ attempts: 2, cause: { code: 'LF_EFFECT_TIMED_OUT' } });
  expect(running.status().lanes.flatMap(({ underWay = [] }) => underWay)).toEqual([]);
});
test('waiting says at once why nothing will come, where a reaction has stopped', async () => {
  @Reaction({ name: 'stopping', replay: 'skip', recovery: { live: stop() } })
  class Stopping {
    @On(billed)
    async on(): Promise<void> {
      throw new TypeError('no such provider');
    }
  }
  const app = await started({ imports: [BillsModule], providers: [Stopping] });
  await repositoryIn(app).send('b-1', 'ann');
  const waiting = app.caughtUp();
  await expect(waiting).rejects.toMatchObject({ code: 'LF_FOLLOWER_STOPPED' });
  await expect(waiting).rejects.toThrow('TypeError: no such provider');
});
test('after its last attempt the stream is parked, which counts as dealt with, and a request is carried out as the clock goes on', async () => {
  const app = await started({ imports: [BillsModule] });
  app.get(Mailer).failures = 6;
  await repositoryIn(app).send('b-1', 'ann');
  await app.advance(600_000);
  await app.caughtUp();
  const [head] = await app.storage.parked.list({ limit: 1 });
  expect(head).toMatchObject({ key: 'stream/shop.bill-b-1', attempts: 6 });
  await app.storage.parked.request(head as never, { kind: 'retry', by: 'test' });
  await app.advance(2_000);
  expect(app.get(Mailer).sent).toEqual(['ann']);
});
test('what forRoot is told stays, but its storage and broker, which are not touched', async () => {
  const untouched = (): never => {
    throw new Error('the real one was used');
  };
  const real = memory();
  const storage = { ...real, store: new Proxy(real.store, { get: untouched }) } as Storage;
  const forRoot = LeftfoldModule.forRootAsync({
    useFactory: () => ({ service: 'shop', storage, broker: memoryBroker(), status: { X: 418 } }),
  });
  const app = await started({ imports: [forRoot, BillsModule] });
  expect(app.broker).toBeUndefined();
  await repositoryIn(app).send('b-1', 'ann');
  await app.caughtUp();
  expect(rows(app)).toHaveLength(1);
  const whole = await started({ imports: [forRoot, BillsModule, LeftfoldModule.relay(), LeftfoldModule.projector()] });
  expect(whole.broker).toBeDefined();
  await repositoryIn(whole).send('b-2', 'bob');
  await whole.caughtUp();
  expect(rows(whole)).toMatchObject([{ id: 'b-2', reminders: 1 }]);
});
test('waiting where nothing follows is refused instead of hanging', async () => {
  const app = await started({ imports: [LeftfoldModule.forFeature({ aggregates: [bill] })] });
  await expect(app.caughtUp()).rejects.toMatchObject({ code: 'LF_NOTHING_FOLLOWS' });
});
test('providers are replaced as in any test of Nest', async () => {
  const sent: string[] = [];
  const fake = { send: async (to: string) => void sent.push(to) };
  const app = await started({
    imports: [BillsModule],
    override: (builder) => builder.overrideProvider(Mailer).useValue(fake),
  });
  await repositoryIn(app).send('b-1', 'ann');
  await app.caughtUp();
  expect(sent).toEqual(['ann']);
});
