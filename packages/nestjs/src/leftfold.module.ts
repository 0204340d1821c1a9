import { DefinitionError, repository } from '@leftfold/core';
import {
  follow,
  followReaction,
  isFedInline,
  reactionFollower,
  relay,
  RELAY,
  shareReading,
  underClock,
} from '@leftfold/subscriptions';
import type { AnyProjection, FollowerOptions, Measured, Running } from '@leftfold/subscriptions';
import { Module } from '@nestjs/common';
import type {
  DynamicModule,
  InjectionToken,
  MiddlewareConsumer,
  NestModule,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, DiscoveryModule, DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { JsonRepliesInterceptor } from './json-replies.interceptor.ts';
import { contextOptions, openContext, type ReplyHeaders } from './command-context.ts';
import { ContextInterceptor } from './context.interceptor.ts';
import { Feature, projectionsOf } from './feature.ts';
import { Followers } from './followers.ts';
import type { NamedFollower } from './followers.ts';
import { freshnessToken, readModelsToken, repositoryToken } from './inject.ts';
import { optionsReplacement, optionsToken } from './options.ts';
import type { FeatureOptions, LeftfoldOptions } from './options.ts';
import { LagWatch, watchedBy } from './lag-watch.ts';
import { logSnapshotFault } from './log-snapshot-fault.ts';
import { reactionsOf } from './reactions-of.ts';
import { ReadModelTables } from './read-model-tables.ts';
import { ReadsOwnWritesInterceptor } from './reads-own-writes.interceptor.ts';
import { RefusalFilter } from './refusal.filter.ts';
import { RequestFreshness } from './request-freshness.ts';
import { SchemaReadiness } from './schema-readiness.ts';
import { writtenSchemas } from './written-schemas.ts';

/** Options that are made by a factory, with what it needs. */
export interface LeftfoldAsyncOptions {
  readonly imports?: readonly (Type | DynamicModule)[];
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  readonly useFactory: (...dependencies: any[]) => LeftfoldOptions | Promise<LeftfoldOptions>;
  /** Of a second Leftfold in one application. */
  readonly instance?: string;
}
/** What a projector process follows. */
export interface ProjectorOptions {
  /** Default: the broker, if there is one. */
  readonly from?: 'log' | 'broker';
  /** Default: all projections of the imported features, and all reactions. With it, these projections, and no reactions. */
  readonly only?: readonly AnyProjection[];
  readonly instance?: string;
}

/** Leftfold in a Nest application: `forRoot` once, `forFeature` per slice, `relay` and `projector` in the entry points that run them. */
@Module({})
export class LeftfoldModule implements NestModule {
  /**
   * Global. Brings the command context (AsyncLocalStorage: correlation, trace, actor, tenant, roles, idempotency key), the refusal filter and decimal strings for
   * bigints in replies. Starts nothing.
   */
  static forRoot(options: LeftfoldOptions): DynamicModule {
    return LeftfoldModule.forRootAsync({
      useFactory: () => options,
      ...(options.instance !== undefined && { instance: options.instance }),
    });
  }

  /** The same, with options made by a factory. */
  static forRootAsync({
    imports = [],
    inject = [],
    useFactory,
    instance = 'default',
  }: LeftfoldAsyncOptions): DynamicModule {
    const options = optionsToken(instance);
    const isFirst = instance === 'default';
    return {
      module: LeftfoldModule,
      global: true,
      imports: [...imports, DiscoveryModule],
      providers: [
        {
          provide: options,
          inject: [{ token: optionsReplacement, optional: true }, ...inject],
          useFactory: async (
            replace: ((given: LeftfoldOptions) => LeftfoldOptions) | undefined,
            ...dependencies: unknown[]
          ) => {
            const given = await useFactory(...dependencies);
            return replace === undefined ? given : replace(given);
          },
        },
        ...readModelsProviders(instance),
        schemaReadinessProvider(instance),
        ...freshnessProviders(instance),
        // The filters and interceptors are the application's: one instance brings them.
        ...(isFirst ? applicationProviders(options) : []),
      ],
      exports: [options, readModelsToken(instance), freshnessToken(instance)],
    };
  }

  /** One vertical slice: repositories to inject, anywhere in the application, and projections for the entry point that follows. */
  static forFeature(feature: FeatureOptions): DynamicModule {
    const instance = feature.instance ?? 'default';
    const repositories = (feature.aggregates ?? []).map((aggregate): Provider & { provide: InjectionToken } => ({
      provide: repositoryToken(aggregate, instance),
      inject: [optionsToken(instance)],
      useFactory: ({ storage, clock }: LeftfoldOptions) =>
        repository(aggregate, storage.store, {
          ...feature.repositories,
          context:
            clock === undefined ? contextOptions : (call) => ({ ...contextOptions(call), now: new Date(clock.now()) }),
          onSnapshotFault: logSnapshotFault,
        }),
    }));
    return {
      module: FeatureModule,
      global: true,
      providers: [{ provide: Symbol('leftfold feature'), useValue: new Feature(feature) }, ...repositories],
      exports: repositories.map(({ provide }) => provide),
    };
  }

  /** Runs the relay in this process, log to broker. Needs no feature: it holds no definitions. @throws {@link DefinitionError} `LF_NO_BROKER` at start */
  static relay({ instance = 'default' }: { readonly instance?: string } = {}): DynamicModule {
    return followersModule('relay', instance, ({ service, storage, broker }) => {
      if (broker === undefined) throw noBroker('a relay');
      return {
        start: (watched) => [named('relay', relay({ storage, to: broker, service, ...watched }))],
        measured: [{ follower: RELAY }],
      };
    });
  }

  /** Follows with all projections and reactions of the imported features, and all `@Reaction` classes. @throws {@link DefinitionError} `LF_NO_BROKER` at start, when told to follow one */
  static projector({ from, only, instance = 'default' }: ProjectorOptions = {}): DynamicModule {
    return followersModule('projector', instance, ({ storage, broker }, discovery) => {
      if (from === 'broker' && broker === undefined) throw noBroker('a projector that follows the broker');
      const source = from === 'log' || broker === undefined ? storage.log : broker.source;
      const projections = (only ?? projectionsOf(discovery, instance)).filter((one) => !isFedInline(storage, one));
      const reactions = only === undefined ? reactionsOf(discovery, instance) : [];
      return {
        start: (watched) => {
          const effects = reactions.map((one) => ({ ...reactionFollower(one), handles: one.handles }));
          const shared = shareReading([...projections, ...effects], { from: source, storage });
          return [
            ...projections.map((projection) => named(projection.name, follow(projection, { ...shared, ...watched }))),
            ...reactions.map((one) => named(one.name, followReaction(one, { ...shared, ...watched }))),
          ];
        },
        measured: [...projections, ...reactions.map(reactionFollower)].map((follower) => ({ follower, from: source })),
      };
    });
  }

  /**
   * Measures in this process how far behind followers are that run elsewhere, or nowhere: the relay, where there is a broker, and all projections and reactions of the
   * imported features, with `@Reaction` classes; with `only`, these projections. For an API process or an exporter: a follower that is dead cannot tell. Processes with followers measure their own.
   * `from` says what those follow, as in {@link projector}; of those that follow the broker the broker is asked.
   */
  static lag({ from, only, instance = 'default' }: ProjectorOptions = {}): DynamicModule {
    return {
      module: LagModule,
      imports: [DiscoveryModule],
      providers: [
        {
          provide: Symbol(`leftfold lag (${instance})`),
          inject: [optionsToken(instance), DiscoveryService],
          useFactory: (options: LeftfoldOptions, discovery: DiscoveryService) => {
            const { storage, broker } = options;
            const source = from === 'log' || broker === undefined ? storage.log : broker.source;
            return new LagWatch(options, () => [
              ...(broker === undefined ? [] : [{ follower: RELAY }]),
              ...(only ?? projectionsOf(discovery, instance)).map((follower) => ({ follower, from: source })),
              ...(only === undefined ? reactionsOf(discovery, instance) : []).map((one) => ({
                follower: reactionFollower(one),
                from: source,
              })),
            ]);
          },
        },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(
        (
          request: { headers: Record<string, string | string[] | undefined> },
          response: ReplyHeaders,
          next: () => void,
        ) => openContext(request.headers, next, response),
      )
      .forRoutes('{*path}');
  }
}

/** Holds a slice; a class of its own, so that features do not bring the context's middleware again. */
@Module({})
class FeatureModule {}
@Module({})
export class FollowersModule {}
@Module({})
class LagModule {}

/** Who follows, and how it is watched. */
interface Following {
  readonly start: (watched: Pick<FollowerOptions, 'metrics' | 'logger'>) => readonly Promise<NamedFollower>[];
  readonly measured: readonly Measured[];
}
type Plan = (options: LeftfoldOptions, discovery: DiscoveryService) => Following;

async function named(name: string, running: Promise<Running>): Promise<NamedFollower> {
  return { name, running: await running };
}

function followersModule(what: 'relay' | 'projector', instance: string, plan: Plan): DynamicModule {
  const inject = [optionsToken(instance), DiscoveryService];
  return {
    module: FollowersModule,
    imports: [DiscoveryModule],
    providers: [
      {
        // The name tells two of these modules apart where Nest is told to compare modules by content.
        provide: Symbol(`leftfold ${what} (${instance})`),
        inject,
        useFactory: (options: LeftfoldOptions, discovery: DiscoveryService) =>
          new Followers(() => {
            const start = (): readonly Promise<NamedFollower>[] => plan(options, discovery).start(watchedBy(options));
            return options.clock === undefined ? start() : underClock(options.clock, start);
          }),
      },
      {
        provide: Symbol(`leftfold lag of ${what} (${instance})`),
        inject,
        useFactory: (options: LeftfoldOptions, discovery: DiscoveryService) =>
          new LagWatch(options, () => plan(options, discovery).measured),
      },
    ],
  };
}

function readModelsProviders(instance: string): Provider[] {
  const inject = [optionsToken(instance), DiscoveryService];
  return [
    {
      provide: readModelsToken(instance),
      inject,
      useFactory: ({ storage }: LeftfoldOptions, discovery: DiscoveryService) =>
        storage.readModels.reader(projectionsOf(discovery, instance).map(({ tables }) => tables)),
    },
    {
      provide: Symbol('leftfold read model tables'),
      inject,
      useFactory: ({ storage }: LeftfoldOptions, discovery: DiscoveryService) =>
        new ReadModelTables(storage, () => projectionsOf(discovery, instance)),
    },
  ];
}

function freshnessProviders(instance: string): Provider[] {
  const requests = Symbol(`leftfold request freshness (${instance})`);
  return [
    {
      provide: requests,
      inject: [optionsToken(instance)],
      useFactory: ({ storage, broker }: LeftfoldOptions) => new RequestFreshness(instance, storage, broker),
    },
    {
      provide: freshnessToken(instance),
      inject: [requests],
      useFactory: ({ freshness }: RequestFreshness) => freshness,
    },
  ];
}

function schemaReadinessProvider(instance: string): Provider {
  return {
    provide: Symbol(`leftfold schemas (${instance})`),
    inject: [optionsToken(instance), DiscoveryService],
    useFactory: ({ broker }: LeftfoldOptions, discovery: DiscoveryService) =>
      new SchemaReadiness(broker?.codec, () => writtenSchemas(discovery, instance)),
  };
}

function applicationProviders(options: InjectionToken): Provider[] {
  return [
    {
      provide: APP_FILTER,
      inject: [HttpAdapterHost, options],
      useFactory: (host: HttpAdapterHost, given: LeftfoldOptions) => new RefusalFilter(host, given),
    },
    {
      provide: APP_INTERCEPTOR,
      inject: [options],
      useFactory: (given: LeftfoldOptions) => new ContextInterceptor(given),
    },
    { provide: APP_INTERCEPTOR, useClass: JsonRepliesInterceptor },
    {
      provide: APP_INTERCEPTOR,
      inject: [HttpAdapterHost, DiscoveryService],
      useFactory: (host: HttpAdapterHost, discovery: DiscoveryService) =>
        new ReadsOwnWritesInterceptor(host, discovery),
    },
  ];
}

const noBroker = (who: string): DefinitionError =>
  new DefinitionError('LF_NO_BROKER', `${who} needs a broker; give one to LeftfoldModule.forRoot({ broker })`);
