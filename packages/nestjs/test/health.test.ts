import 'reflect-metadata';
import { event, repository, t } from '@leftfold/core';
import { memory, memoryBroker, type MadeUpOutcome, type MemoryStorage } from '@leftfold/memory';
import {
  LeftfoldHealth,
  LeftfoldHealthModule,
  LeftfoldModule,
  type HealthReport,
  type LeftfoldOptions,
} from '@leftfold/nestjs';
import {
  LAG_EVENTS,
  park,
  projection,
  reaction,
  RELAY_RECORDS,
  stop,
  type PublishRecord,
  type RecoveryPolicy,
} from '@leftfold/subscriptions';
import { LeftfoldIndicators, LeftfoldIndicatorsModule } from '@leftfold/nestjs/terminus';
import { collectLogs, collectMetrics } from '@leftfold/testing';
import { ConsoleLogger, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { account, BankModule } from './bank.ts';

afterEach(() => void vi.useRealTimers());

const open = ({ store }: MemoryStorage, id: string): Promise<unknown> =>
  repository(account, store).open(id, { owner: 'Ann', limit: 1n });

/** A broker that is away until it is told otherwise. */
function restlessBroker() {
  const weather = { isAway: true };
  const cause = Object.assign(new Error('nobody answers'), { code: 'LF_BROKER_UNAVAILABLE' });
  const broker = memoryBroker({
    fail: ([record]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
      const { topic, partition } = record as PublishRecord;
      return weather.isAway ? { topic, partition, kind: 'notWritten', refused: false, cause } : undefined;
    },
  });
  return { broker, weather };
}

const failing = (recovery: RecoveryPolicy) =>
  projection('strict', { version: 1, key: 'id', row: { id: t.string() }, recovery }).insert(
    event('bank.account.opened', { owner: t.string({ min: 1 }), limit: t.long() }),
    ({ data }) => {
      throw new Error(`${data.owner} is not welcome`);
    },
  );

/** An application, and what it says of its health over HTTP. */
async function application(options: LeftfoldOptions, imports: readonly (DynamicModule | Type)[]) {
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot(options), LeftfoldHealthModule, ...imports],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const get = async (path: string) => {
    const response = await fetch(`${url}/health/${path}`);
    return { code: response.status, body: (await response.json()) as HealthReport };
  };
  return { app, ready: () => get('ready'), live: () => get('live') };
}

test('a relay whose broker is away stays ready; after a while it is degraded, with the code, since when and how often', async () => {
  const storage = memory();
  const { broker, weather } = restlessBroker();
  await open(storage, 'a');
  const { app, ready, live } = await application({ service: 'bank', storage, broker, logger: collectLogs() }, [
    LeftfoldModule.relay(),
  ]);
  await expect.poll(ready).toMatchObject({
    code: 200,
    body: {
      status: 'up',
      reasons: [],
      followers: [{ lanes: [{ state: 'retrying', trouble: { failures: expect.any(Number) } }] }],
    },
  });
  const since = String((await ready()).body.followers[0]?.lanes[0]?.trouble?.since);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(since) + 31_000 });
  expect(await ready()).toMatchObject({
    code: 200,
    body: {
      status: 'degraded',
      reasons: ['relay, lane 0 is retrying (LF_RECORDS_UNCONFIRMED)'],
      followers: [{ lanes: [{ fault: { code: 'LF_RECORDS_UNCONFIRMED' }, trouble: { since } }] }],
    },
  });
  expect(app.get(LeftfoldHealth).check().status).toBe('degraded');
  expect((await live()).code).toBe(200);
  weather.isAway = false;
  await expect.poll(async () => (await ready()).body.status).toBe('up');
});

test('R15 a relay that withholds keys is degraded and says how many', async () => {
  const storage = memory();
  const cause = Object.assign(new Error('too large'), { code: 'LF_RECORD_REFUSED' });
  const broker = memoryBroker({
    partitions: 1,
    fail: (records) => {
      const { topic, partition } = records[0] as PublishRecord;
      const isRefused = records.some(({ value }) => Buffer.from(value).includes('Ann'));
      return isRefused ? { topic, partition, kind: 'notWritten', refused: true, cause } : undefined;
    },
  });
  const { ready } = await application({ service: 'bank', storage, broker, logger: collectLogs() }, [
    LeftfoldModule.relay(),
  ]);
  await open(storage, 'a');
  await expect
    .poll(ready)
    .toMatchObject({ code: 200, body: { status: 'degraded', reasons: ['relay, lane 0 withholds 1 keys'] } });
});

test('what stands still makes a process unready, and says why in one sentence', async () => {
  const storage = memory({ lanes: 2 });
  const { ready } = await application(
    { service: 'bank', storage, broker: memoryBroker({ partitions: 3 }), logger: collectLogs() },
    [LeftfoldModule.relay()],
  );
  await open(storage, 'a');
  await expect.poll(ready).toMatchObject({ code: 503, body: { status: 'down' } });
  expect((await ready()).body.reasons).toContainEqual(
    expect.stringMatching(/^relay, lane \d is stopped \(LF_PARTITION_SHARED\)$/),
  );
});

test('what a fold threw may quote an event: the page shows the code, who asks in code is told all', async () => {
  const storage = memory();
  const strict = failing({ live: stop() });
  const { app, ready } = await application({ service: 'bank', storage, logger: collectLogs(), lag: { everyMs: 100 } }, [
    LeftfoldModule.projector({ only: [strict] }),
  ]);
  await open(storage, 'a');
  await expect.poll(ready).toMatchObject({ code: 503, body: { status: 'down' } });
  const { body } = await ready();
  expect(body.followers[0]?.lanes[0]?.fault).toMatchObject({ code: 'LF_FOLD_FAILED' });
  expect(JSON.stringify(body)).not.toContain('Ann');
  expect(app.get(LeftfoldHealth).check().followers[0]?.lanes[0]?.fault?.message).toContain('Ann is not welcome');
});

test('a process is not ready until a version of each read model that its code can read is live, and names it', async () => {
  const storage = memory();
  const opened = event('bank.account.opened', { owner: t.string(), limit: t.long() });
  const accounts = (version: number, row: { id: t.Schema<string>; owner?: t.Schema<string> }) =>
    projection('accounts', { version, key: 'id', row: { ...row, id: t.string() } }).delete(opened);
  await storage.readModels.prepare(accounts(1, { id: t.string() }).tables);
  const newer = accounts(2, { id: t.string(), owner: t.string() });
  const { ready, live } = await application({ service: 'bank', storage }, [
    LeftfoldModule.forFeature({ projections: [newer] }),
  ]);
  expect(await ready()).toMatchObject({
    code: 503,
    body: {
      status: 'down',
      reasons: ['no version of accounts that the code of version 2 can read is live (LF_READ_MODEL_UNBOUND)'],
      readModels: [{ projection: 'accounts', version: 2, reads: null }],
    },
  });
  expect((await live()).code).toBe(200);
  await storage.versions.passed({ name: 'accounts', version: 2 });
  await expect.poll(ready, { timeout: 20_000 }).toMatchObject({ code: 200, body: { readModels: [{ reads: 2 }] } });

  // The same columns as a live version has: what to read is there, whether its own version is or not.
  const { ready: rolledOut } = await application({ service: 'bank', storage }, [
    LeftfoldModule.forFeature({ projections: [accounts(3, { id: t.string(), owner: t.string() })] }),
  ]);
  expect(await rolledOut()).toMatchObject({ code: 200, body: { readModels: [{ version: 3, reads: 2 }] } });
});

test('a process that cannot ask which versions are live is not ready, and closes all the same', async () => {
  const storage = memory();
  const versions = Object.assign(Object.create(storage.versions) as typeof storage.versions, {
    list: () => Promise.reject(new Error('away')),
  });
  const { ready } = await application({ service: 'bank', storage: { ...storage, versions } }, [BankModule]);
  expect(await ready()).toMatchObject({ code: 503, body: { readModels: [{ projection: 'accounts', reads: null }] } });
});

test('C5 parked keys make a process degraded, and it stays ready', async () => {
  const storage = memory();
  const { ready } = await application({ service: 'bank', storage, logger: collectLogs() }, [
    LeftfoldModule.projector({ only: [failing({ live: park() })] }),
  ]);
  await open(storage, 'a');
  await expect.poll(ready).toMatchObject({
    code: 200,
    body: { status: 'degraded', reasons: ['strict, lane 0 has parked 1 keys'] },
  });
});

test('as indicators: ready is for readiness, the others tell people how far behind all is and what is parked', async () => {
  const storage = memory();
  const { app } = await application(
    { service: 'bank', storage, broker: memoryBroker(), logger: collectLogs(), lag: { everyMs: 100 } },
    [
      LeftfoldIndicatorsModule,
      LeftfoldModule.forFeature({ projections: [failing({ live: park() })] }),
      LeftfoldModule.projector({ from: 'log' }),
      LeftfoldModule.lag({ from: 'log' }),
    ],
  );
  const indicators = app.get(LeftfoldIndicators);
  expect(await indicators.ready()).toMatchObject({ leftfold: { status: 'up', degraded: false, reasons: [] } });
  expect(await indicators.deadLetters()).toEqual({
    deadLetters: { status: 'up', keys: 0, projections: { strict: 0 } },
  });
  await open(storage, 'a');
  await expect
    .poll(() => indicators.relay({ maxLagMs: 0 }))
    .toMatchObject({ relay: { status: 'down', events: 1, measuredAt: expect.any(String) } });
  expect(await indicators.relay()).toMatchObject({ relay: { status: 'up', events: 1 } });
  await expect
    .poll(() => indicators.projections({ maxLagMs: 0 }))
    .toMatchObject({ strict: { status: 'up', events: 0 } });
  await expect.poll(() => indicators.ready()).toMatchObject({ leftfold: { status: 'up', degraded: true } });
  // One that has not counted yet: it counts at most once in ten seconds.
  const counting = new LeftfoldIndicators(app.get(LeftfoldHealth), app.get(DiscoveryService));
  expect(await counting.deadLetters()).toMatchObject({ deadLetters: { status: 'down', keys: 1 } });
  expect(await counting.deadLetters({ max: 1 })).toMatchObject({
    deadLetters: { status: 'up', projections: { strict: 1 } },
  });
});

test('readiness shows how far behind the followers of the process are, and when that was measured; it changes nothing', async () => {
  const storage = memory();
  const { broker } = restlessBroker();
  const metrics = collectMetrics();
  const { ready } = await application(
    { service: 'bank', storage, broker, metrics, logger: collectLogs(), lag: { everyMs: 100 } },
    [BankModule, LeftfoldModule.relay(), LeftfoldModule.projector({ from: 'log' })],
  );
  for (const id of ['a', 'b', 'c']) await open(storage, id);
  await expect
    .poll(async () => (await ready()).body.lag)
    .toMatchObject([
      {
        name: 'relay',
        events: 3,
        oldestMs: expect.any(Number),
        measuredAt: expect.any(String),
        lanes: [{ lane: '0' }],
      },
      { name: 'accounts', events: 0 },
    ]);
  expect((await ready()).code).toBe(200);
  expect(metrics.last(LAG_EVENTS, { follower: 'relay' })).toBe(3);
  expect(metrics.misuses).toEqual([]);
});

test('C12 a process that follows nothing measures the others: a relay that is dead shows what waits for it', async () => {
  const storage = memory();
  const metrics = collectMetrics();
  const { ready } = await application(
    { service: 'bank', storage, broker: memoryBroker(), metrics, logger: collectLogs(), lag: { everyMs: 100 } },
    [BankModule, LeftfoldModule.lag({ from: 'log' })],
  );
  await open(storage, 'a');
  await expect
    .poll(async () => (await ready()).body.lag)
    .toMatchObject([
      { name: 'relay', events: 1 },
      { name: 'accounts', events: 1 },
    ]);
  await expect.poll(() => metrics.last(LAG_EVENTS, { follower: 'accounts', version: '1' })).toBe(1);
  expect((await ready()).body).toMatchObject({ status: 'up', followers: [] });
});

test('C12 it measures reactions too: one that runs nowhere shows how many effects wait', async () => {
  const storage = memory();
  const welcome = reaction('welcome', { replay: 'skip', from: 'start' }).on(account.events.opened, async () => {});
  const { ready } = await application({ service: 'bank', storage, logger: collectLogs(), lag: { everyMs: 100 } }, [
    LeftfoldModule.forFeature({ reactions: [welcome] }),
    LeftfoldModule.lag({ from: 'log' }),
  ]);
  await open(storage, 'a');
  await expect.poll(async () => (await ready()).body.lag).toMatchObject([{ name: 'welcome', events: 1 }]);
});

test('lag is not measured where nobody wants it', async () => {
  const storage = memory();
  const metrics = collectMetrics();
  const { ready } = await application(
    { service: 'bank', storage, broker: memoryBroker(), metrics, logger: collectLogs(), lag: false },
    [LeftfoldModule.relay()],
  );
  await open(storage, 'a');
  await expect.poll(() => metrics.total(RELAY_RECORDS)).toBe(1);
  expect((await ready()).body.lag).toEqual([]);
});

test('a page of one’s own may ask for the health', async () => {
  @Injectable()
  class Indicator {
    constructor(readonly health: LeftfoldHealth) {}
  }
  @Module({
    imports: [LeftfoldHealthModule],
    providers: [
      { provide: Indicator, inject: [LeftfoldHealth], useFactory: (health: LeftfoldHealth) => new Indicator(health) },
    ],
  })
  class PageModule {}
  const { app } = await application({ service: 'bank', storage: memory() }, [PageModule]);
  expect(app.get(Indicator).health.check()).toEqual({
    status: 'up',
    reasons: [],
    followers: [],
    lag: [],
    missingSchemas: [],
    readModels: [],
  });
});

test('without a logger of one’s own a follower’s lines are in the application’s log, the fields behind the sentence', async () => {
  const lines: string[] = [];
  class Kept extends ConsoleLogger {
    override log(message: unknown): void {
      lines.push(`log ${String(message)}`);
    }
    override warn(message: unknown): void {
      lines.push(`warn ${String(message)}`);
    }
    override error(message: unknown): void {
      lines.push(`error ${String(message)}`);
    }
  }
  const storage = memory();
  const { broker, weather } = restlessBroker();
  await open(storage, 'a');
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'bank', storage, broker }), LeftfoldModule.relay()],
  })
    .setLogger(new Kept())
    .compile();
  await module.init();
  onTestFinished(() => module.close());
  await expect
    .poll(() => lines)
    .toContainEqual(
      expect.stringMatching(
        /^warn relay version 1, lane 0 is retrying: LF_RECORDS_UNCONFIRMED .* follower=relay version=1 lane=0 state=retrying code=LF_RECORDS_UNCONFIRMED failures=1$/,
      ),
    );
  weather.isAway = false;
  await expect
    .poll(() => lines)
    .toContainEqual(expect.stringMatching(/^log .*follows again after \d+ failed attempts/));
  await module.close();
  expect(lines).toContain('log relay version 1 stops, and gives its lanes back follower=relay version=1');
});

test('a server that does not answer the measurement keeps no application from closing', async () => {
  const storage = memory();
  const { checkpoints } = storage;
  let asked = 0;
  const silent = Object.assign(Object.create(checkpoints) as typeof checkpoints, {
    list: () => {
      asked += 1;
      return new Promise<never>(() => undefined);
    },
  });
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({ service: 'bank', storage: { ...storage, checkpoints: silent }, logger: collectLogs() }),
      BankModule,
      LeftfoldModule.lag(),
    ],
  }).compile();
  await module.init();
  expect(asked).toBe(1);
  await module.close();
});
