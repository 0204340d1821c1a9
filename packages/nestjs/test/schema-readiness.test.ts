import 'reflect-metadata';
import { setImmediate } from 'node:timers/promises';
import { aggregate, aggregateRoot, event, t, versionsOf } from '@leftfold/core';
import type { Repository, WriterSchema } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import {
  InjectRepository,
  LeftfoldHealthModule,
  LeftfoldModule,
  repositoryToken,
  SchemaReadiness,
} from '@leftfold/nestjs';
import { jsonCodec, projection } from '@leftfold/subscriptions';
import type { Broker, Codec } from '@leftfold/subscriptions';
import { Controller, Get, Injectable, Module, Scope } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import { BankModule } from './bank.ts';

/** JSON behind a registry that does what the test says. */
class ScriptedCodec implements Codec {
  readonly contentType = 'application/json';
  readonly encode: Codec['encode'] = (...args) => jsonCodec().encode(...args);
  readonly decode: Codec['decode'] = (...args) => jsonCodec().decode(...args);
  readonly faultOf: Map<string, Error> = new Map();
  fault: Error | undefined;
  isSilent = false;
  givenUp = 0;
  readonly asked: string[] = [];

  async prepare(
    needed: { readonly writers: readonly WriterSchema[] } | { readonly records: unknown },
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    for (const { type, version } of 'writers' in needed ? needed.writers : []) {
      this.asked.push(`${type} ${version}`);
      if (this.isSilent) await this.#untilGivenUp(signal);
      const fault = this.fault ?? this.faultOf.get(type);
      if (fault) throw fault;
    }
  }
  #untilGivenUp(signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        this.givenUp += 1;
        reject(signal.reason as Error);
      });
    });
  }
}
const away = (): Error =>
  Object.assign(new Error('nobody answers'), { code: 'LF_REGISTRY_UNAVAILABLE', retryable: true });
const unregistered = (): Error =>
  Object.assign(new Error('push it'), { code: 'LF_SCHEMA_UNREGISTERED', retryable: true });

const opened = event('club.member.opened', { name: t.string() });
const openedLater = opened.version(2, { name: t.string(), level: t.int() }, { up: (old) => ({ ...old, level: 1 }) });
const raised = event('club.member.raised', {});
const noted = event('club.member.noted', {}, { private: true });
const dropped = event('club.member.dropped', {}, { retired: true });
const member = aggregate('club.member', {
  events: { opened: openedLater, raised, noted, dropped },
  initial: () => 0,
})
  .evolve({ opened: (n) => n, raised: (n) => n + 1, noted: (n) => n, dropped: (n) => n })
  .decide({ open: () => [openedLater({ name: 'Ann', level: 1 })] });
const members = projection('members', { version: 1, key: 'id', row: { id: t.string() } }).upsert(
  openedLater,
  (_, { stream }) => ({ id: stream.key }),
);
const MemberModule = LeftfoldModule.forFeature({ aggregates: [member], projections: [members] });

@Controller('members')
class MembersController {
  constructor(@InjectRepository(member) readonly repository: Repository<typeof member>) {}
}
@Module({ imports: [MemberModule], controllers: [MembersController] })
class MemberHttpModule {}

/** A running application, and what it says of its readiness. */
async function application(
  broker: Broker | undefined,
  ...imports: readonly (Type | DynamicModule)[]
): Promise<{
  readonly ready: () => Promise<{ readonly status: number; readonly body: unknown }>;
  close(): Promise<void>;
}> {
  const root = LeftfoldModule.forRoot({ service: 'club', storage: memory(), ...(broker && { broker }) });
  const module = await Test.createTestingModule({ imports: [root, LeftfoldHealthModule, ...imports] }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    ready: async () => {
      const response = await fetch(`${url}/health/ready`);
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      return { status: response.status, body: await response.json() };
    },
    close: () => app.close(),
  };
}
const missing = (body: unknown): readonly unknown[] =>
  (body as { readonly missingSchemas: readonly unknown[] }).missingSchemas;

test('A7 a process that serves commands starts without its registry, is not ready until every schema it writes is registered, and says which is not', async () => {
  const codec = new ScriptedCodec();
  codec.fault = away();
  const { ready } = await application(memoryBroker({ codec }), MemberHttpModule);
  await expect.poll(ready).toMatchObject({
    status: 503,
    body: {
      status: 'down',
      missingSchemas: [
        { schema: 'club.member.OpenedV2', type: 'club.member.opened', version: 2, code: 'LF_REGISTRY_UNAVAILABLE' },
        { schema: 'club.member.Raised', type: 'club.member.raised', version: 1, message: 'nobody answers' },
      ],
    },
  });
  codec.faultOf.set('club.member.raised', unregistered());
  codec.fault = undefined;
  await expect.poll(async () => missing((await ready()).body)).toHaveLength(1);
  expect(await ready()).toMatchObject({
    status: 503,
    body: { missingSchemas: [{ schema: 'club.member.Raised', code: 'LF_SCHEMA_UNREGISTERED' }] },
  });
  codec.faultOf.clear();
  await expect
    .poll(ready, { timeout: 10_000 })
    .toMatchObject({ status: 200, body: { status: 'up', missingSchemas: [] } });
});
test('A7 a registry that goes away later makes nobody unready: what was found is not asked for again', async () => {
  const codec = new ScriptedCodec();
  const { ready } = await application(memoryBroker({ codec }), MemberHttpModule);
  await expect.poll(ready).toMatchObject({ status: 200 });
  codec.fault = away();
  expect(await ready()).toMatchObject({ status: 200 });
  expect(codec.asked.toSorted()).toEqual(['club.member.opened 2', 'club.member.raised 1']);
});
test('A7 a registry that does not answer at all keeps neither the start nor the stop waiting', async () => {
  const codec = new ScriptedCodec();
  codec.isSilent = true;
  const app = await application(memoryBroker({ codec }), MemberHttpModule);
  const { ready } = app;
  expect(await ready()).toMatchObject({ status: 503 });
  expect(missing((await ready()).body)).toEqual([
    { schema: 'club.member.OpenedV2', type: 'club.member.opened', version: 2 },
    { schema: 'club.member.Raised', type: 'club.member.raised', version: 1 },
  ]);
  await app.close();
  expect(codec.givenUp).toBe(2);
});
test('A7 a registry that refuses is told, and asked again: somebody may grant the right', async () => {
  const codec = new ScriptedCodec();
  codec.fault = Object.assign(new Error('wrong password'), { code: 'LF_REGISTRY_REFUSED', retryable: false });
  const { ready } = await application(memoryBroker({ codec }), MemberHttpModule);
  await expect
    .poll(ready)
    .toMatchObject({ status: 503, body: { missingSchemas: [{ code: 'LF_REGISTRY_REFUSED' }, {}] } });
  codec.fault = undefined;
  await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ status: 200 });
});
test('between two questions it keeps no process alive, and a stop waits for neither', async () => {
  const codec = new ScriptedCodec();
  codec.fault = Object.assign(new Error('wrong password'), { code: 'LF_REGISTRY_REFUSED', retryable: false });
  const timers = (): number => process.getActiveResourcesInfo().filter((of) => of === 'Timeout').length;
  const readiness = new SchemaReadiness(codec, () => versionsOf(raised).map(({ writer }) => writer));
  const before = timers();
  readiness.onApplicationBootstrap();
  await setImmediate();
  expect(readiness.missing).toMatchObject([{ schema: 'club.member.Raised', code: 'LF_REGISTRY_REFUSED' }]);
  expect(timers()).toBe(before);
  await readiness.beforeApplicationShutdown();
  expect(codec.asked).toEqual(['club.member.raised 1']);
});
test('with JSON, which needs no registry, a process is ready at once', async () => {
  const { ready } = await application(memoryBroker(), BankModule);
  expect(await ready()).toMatchObject({ status: 200, body: { missingSchemas: [] } });
});
test('without a broker nothing is published, so nothing needs to be registered', async () => {
  const { ready } = await application(undefined, MemberHttpModule);
  expect(await ready()).toMatchObject({ status: 200, body: { missingSchemas: [] } });
});
test('a relay, and a projector that brings its feature along, write nothing: they are ready by their followers', async () => {
  const codec = new ScriptedCodec();
  codec.fault = away();
  const broker = memoryBroker({ codec });
  for (const imports of [[LeftfoldModule.relay()], [MemberModule, LeftfoldModule.projector()]]) {
    const { ready } = await application(broker, ...imports);
    expect(await ready()).toMatchObject({ status: 200, body: { missingSchemas: [] } });
  }
  expect(codec.asked).toEqual([]);
});
test('a process that serves commands is held back, whatever it follows besides', async () => {
  const codec = new ScriptedCodec();
  codec.fault = away();
  const { ready } = await application(memoryBroker({ codec }), MemberHttpModule, LeftfoldModule.relay());
  await expect.poll(ready).toMatchObject({ status: 503, body: { missingSchemas: [{}, {}] } });
});

class Member extends aggregateRoot(
  aggregate('club.member', { events: { opened: openedLater, raised }, initial: () => 0 }).evolve({
    opened: (n) => n,
    raised: (n) => n + 1,
  }),
) {
  raise(): void {
    this.record(raised({}));
  }
}
@Injectable()
class ByProperty {
  @InjectRepository(member) readonly repository!: Repository<typeof member>;
}
@Controller({ path: 'each', scope: Scope.REQUEST })
class PerRequest {
  constructor(@InjectRepository(member) readonly repository: Repository<typeof member>) {}
  @Get()
  get(): string {
    return 'ok';
  }
}
@Injectable()
class OfRoot {
  constructor(@InjectRepository(Member) readonly repository: unknown) {}
}
const feature = (of: typeof member | typeof Member) => LeftfoldModule.forFeature({ aggregates: [of] });
const byFactory = { provide: 'members', inject: [repositoryToken(member)], useFactory: (of: unknown) => ({ of }) };

test.each([
  ['by a property', { imports: [feature(member)], providers: [ByProperty] }],
  ['by a controller made for each request', { imports: [feature(member)], controllers: [PerRequest] }],
  ['by a factory', { imports: [feature(member)], providers: [byFactory] }],
  ['of a class aggregate', { imports: [feature(Member)], providers: [OfRoot] }],
])('a repository that is injected %s makes a process one that serves commands', async (_, metadata) => {
  @Module(metadata)
  class Serving {}
  const codec = new ScriptedCodec();
  codec.fault = away();
  const { ready } = await application(memoryBroker({ codec }), Serving);
  await expect.poll(ready).toMatchObject({
    status: 503,
    body: { missingSchemas: [{ schema: 'club.member.OpenedV2' }, { schema: 'club.member.Raised' }] },
  });
});
test('of two instances each asks its own registry for what it writes', async () => {
  @Injectable()
  class Southern {
    constructor(@InjectRepository(member, 'south') readonly repository: unknown) {}
  }
  @Module({
    imports: [LeftfoldModule.forFeature({ aggregates: [member], instance: 'south' })],
    providers: [Southern],
  })
  class SouthModule {}
  const [north, south] = [new ScriptedCodec(), new ScriptedCodec()];
  south.fault = away();
  const { ready } = await application(
    memoryBroker({ codec: north }),
    MemberModule,
    LeftfoldModule.forRoot({
      service: 'south',
      storage: memory(),
      broker: memoryBroker({ codec: south }),
      instance: 'south',
    }),
    SouthModule,
  );
  await expect.poll(ready).toMatchObject({ status: 503 });
  expect(north.asked).toEqual([]);
  south.fault = undefined;
  await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ status: 200 });
});
