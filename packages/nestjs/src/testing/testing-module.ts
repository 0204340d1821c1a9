import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryBroker, MemoryStorage } from '@leftfold/memory';
import type { CaughtUpOptions, Running } from '@leftfold/subscriptions';
import { caughtUp } from '@leftfold/testing';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, InjectionToken, ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { Followers } from '../followers.ts';
import { FollowersModule } from '../followers.module.ts';
import { LeftfoldModule } from '../leftfold.module.ts';
import { optionsReplacement } from '../options.ts';
import type { LeftfoldOptions } from '../options.ts';
import { importedModules } from './imported-modules.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What is tested. */
export interface TestingModuleOptions extends Pick<ModuleMetadata, 'providers' | 'controllers'> {
  /** The application's real modules: a slice, or what an entry point imports. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  /** Where the clock begins. Default 2030-01-01T00:00:00Z: a time that nothing can be mistaken for. */
  readonly now?: Date;
  /** A broker between log and followers, with a relay. Default: as the entry point has it; of a slice none, so projections and reactions follow the log. */
  readonly broker?: boolean;
  /** What else is replaced, as with `@nestjs/testing`: `(builder) => builder.overrideProvider(Mailer).useValue(fake)`. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/** A running application, on memory. */
export interface TestingApp {
  readonly app: INestApplication;
  /** The log, and rows that can be looked at: `storage.readModels.reader([orderSummary.rowTable]).all('order_summary')`. */
  readonly storage: MemoryStorage;
  /** Absent where there is none. */
  readonly broker?: MemoryBroker;
  /** A provider of any module. */
  get<T>(token: InjectionToken<T>): T;
  /**
   * Resolves when every follower of this application has dealt with all that was recorded before the call, and with all that came of it: relay, projections, reactions, and
   * what commands of reactions recorded. Parked events count as dealt with.
   * @throws {@link DefinitionError} `LF_NOTHING_FOLLOWS` when nothing follows
   * @throws `LF_NOT_CAUGHT_UP` after five seconds, `timeoutMs`, naming what is behind and why: an effect that waits for its next attempt, too, which needs {@link advance}
   * @throws `LF_FOLLOWER_STOPPED` when a lane stands still
   */
  caughtUp(options?: CaughtUpOptions): Promise<void>;
  /**
   * Moves the clock by whole milliseconds: retries, backoffs and leases follow it, and so do the `now` of decisions and the times of events. It stands still otherwise. Whoever
   * becomes due is woken at its time, one after the other; there is no sleep. Then ask {@link caughtUp}.
   */
  advance(ms: number): Promise<void>;
  /** By this clock. */
  now(): Date;
  /** Ends everything. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 5_000;

/** Brings the replacement to `forRoot`, wherever it stands. */
@Module({})
class ReplacingModule {}

/**
 * Starts the application's real modules for a test: with their pipes, filters, guards and providers, on a storage (and broker) in memory and on a clock that stands still. What
 * `forRoot` is told of identity and statuses stays; its storage and broker are replaced by memory. They are made by the application's own factory first, so that must not connect.
 * A slice that imports no `forRoot` gets one, and where no entry point is among the imports everything is followed.
 *
 * `const shop = await testingModule({ imports: [OrdersHttpModule] })`; close it when the test ends.
 */
export async function testingModule(options: TestingModuleOptions): Promise<TestingApp> {
  const { imports, providers = [], controllers = [], now = new Date('2030-01-01T00:00:00Z') } = options;
  const clock = new VirtualClock(now);
  const modules = await importedModules(imports);
  const follows = modules.some((one) => 'module' in one && one.module === FollowersModule);
  const isRooted = modules.some((one) => 'module' in one && one.module === LeftfoldModule && one.global === true);
  const made = new Map<string, Pick<TestingApp, 'storage' | 'broker'>>();
  const replace = (given: LeftfoldOptions): LeftfoldOptions => {
    const { broker: real, ...rest } = given;
    const { log, inline } = given.storage;
    const hasBroker = options.broker ?? (follows && real !== undefined);
    const storage = memory({ now: () => clock.now(), lanes: log.lanes, ...(inline && { inline: inline.projections }) });
    const broker = hasBroker ? memoryBroker() : undefined;
    made.set(given.instance ?? 'default', { storage, ...(broker && { broker }) });
    return { lag: false, ...rest, storage, ...(broker && { broker }), clock };
  };
  const builder = Test.createTestingModule({
    imports: [
      replacing(replace),
      ...(isRooted ? [] : [LeftfoldModule.forRoot({ service: 'test', storage: memory() })]),
      ...imports,
      ...(follows ? [] : [LeftfoldModule.projector(), ...(options.broker === true ? [LeftfoldModule.relay()] : [])]),
      DiscoveryModule,
    ],
    providers: [...providers],
    controllers: [...controllers],
  });
  const app = (await (options.override?.(builder) ?? builder).compile()).createNestApplication({ logger: false });
  await app.init().catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  const running = (): readonly Running[] =>
    app
      .get(DiscoveryService, { strict: false })
      .getProviders()
      .flatMap(({ instance }: { readonly instance: unknown }) => (instance instanceof Followers ? instance.all : []))
      .map((follower) => follower.running);
  return {
    app,
    ...(made.get('default') ?? ([...made.values()][0] as Pick<TestingApp, 'storage' | 'broker'>)),
    get: (token) => app.get(token, { strict: false }),
    caughtUp: (how) => caughtUp(running(), { timeoutMs: TIMEOUT_MS, ...how }),
    advance: (ms) => clock.advance(ms),
    now: () => new Date(clock.now()),
    close: () => app.close(),
  };
}

const replacing = (replace: (given: LeftfoldOptions) => LeftfoldOptions): DynamicModule => ({
  module: ReplacingModule,
  global: true,
  providers: [{ provide: optionsReplacement, useValue: replace }],
  exports: [optionsReplacement],
});
