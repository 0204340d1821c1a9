import type { InjectionToken, Provider } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { ContextInterceptor } from './context.interceptor.ts';
import { projectionsOf } from './feature.ts';
import { freshnessToken, readModelsToken } from './inject.ts';
import { JsonRepliesInterceptor } from './json-replies.interceptor.ts';
import { optionsReplacement, optionsToken } from './options.ts';
import type { LeftfoldAsyncOptions, LeftfoldOptions } from './options.ts';
import { ReadModelTables } from './read-model-tables.ts';
import { ReadsOwnWritesInterceptor } from './reads-own-writes.interceptor.ts';
import { RefusalFilter } from './refusal.filter.ts';
import { RequestFreshness } from './request-freshness.ts';
import { SchemaReadiness } from './schema-readiness.ts';
import { writtenSchemas, writtenTypes } from './written-schemas.ts';

/** The options of an instance, as its factory gives them, or what a test puts in their place. */
export function optionsProvider(of: LeftfoldAsyncOptions): Provider {
  return {
    provide: optionsToken(of.instance),
    inject: [{ token: optionsReplacement, optional: true }, ...(of.inject ?? [])],
    useFactory: async (
      replace: ((given: LeftfoldOptions) => LeftfoldOptions) | undefined,
      ...dependencies: unknown[]
    ) => {
      const given = await of.useFactory(...dependencies);
      return replace === undefined ? given : replace(given);
    },
  };
}

/** What an instance brings beside its options: read models, freshness, and what keeps a process from being ready. */
export function instanceProviders(instance: string): Provider[] {
  return [...readModelsProviders(instance), schemaReadinessProvider(instance), ...freshnessProviders(instance)];
}

/** The filters and interceptors of the whole application. */
export function applicationProviders(options: InjectionToken): Provider[] {
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
        new ReadModelTables(
          storage,
          () => projectionsOf(discovery, instance),
          () => writtenTypes(discovery, instance),
        ),
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
