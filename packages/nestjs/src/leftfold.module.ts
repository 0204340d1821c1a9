import { Module } from '@nestjs/common';
import type { DynamicModule, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { openContext, type ReplyHeaders } from './command-context.ts';
import { featureModule } from './feature.module.ts';
import { planProjector, planRelay } from './follow-plan.ts';
import { followersModule } from './followers.module.ts';
import { freshnessToken, readModelsToken } from './inject.ts';
import { lagModule } from './lag.module.ts';
import { optionsToken } from './options.ts';
import type { FeatureOptions, LeftfoldAsyncOptions, LeftfoldOptions, ProjectorOptions } from './options.ts';
import { applicationProviders, instanceProviders, optionsProvider } from './root-providers.ts';

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
  static forRootAsync(given: LeftfoldAsyncOptions): DynamicModule {
    const { imports = [], instance = 'default' } = given;
    const options = optionsToken(instance);
    return {
      module: LeftfoldModule,
      global: true,
      imports: [...imports, DiscoveryModule],
      providers: [
        optionsProvider(given),
        ...instanceProviders(instance),
        // The filters and interceptors are the application's: one instance brings them.
        ...(instance === 'default' ? applicationProviders(options) : []),
      ],
      exports: [options, readModelsToken(instance), freshnessToken(instance)],
    };
  }

  /** One vertical slice: repositories to inject, anywhere in the application, and projections for the entry point that follows. */
  static forFeature(feature: FeatureOptions): DynamicModule {
    return featureModule(feature);
  }

  /** Runs the relay in this process, log to broker. Needs no feature: it holds no definitions. @throws {@link DefinitionError} `LF_NO_BROKER` at start */
  static relay({ instance = 'default' }: { readonly instance?: string } = {}): DynamicModule {
    return followersModule('relay', instance, planRelay);
  }

  /** Follows with all projections and reactions of the imported features, and all `@Reaction` classes. @throws {@link DefinitionError} `LF_NO_BROKER` at start, when told to follow one */
  static projector(how: ProjectorOptions = {}): DynamicModule {
    return followersModule('projector', how.instance ?? 'default', planProjector(how));
  }

  /**
   * Measures in this process how far behind followers are that run elsewhere, or nowhere: the relay, where there is a broker, and all projections and reactions of the
   * imported features, with `@Reaction` classes; with `only`, these projections. For an API process or an exporter: a follower that is dead cannot tell. Processes with followers measure their own.
   * `from` says what those follow, as in {@link projector}; of those that follow the broker the broker is asked.
   */
  static lag(how: ProjectorOptions = {}): DynamicModule {
    return lagModule(how);
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
