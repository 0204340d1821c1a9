import { repository } from '@leftfold/core';
import { Module } from '@nestjs/common';
import type { DynamicModule, InjectionToken, Provider } from '@nestjs/common';
import { contextOptions } from './command-context.ts';
import { Feature } from './feature.ts';
import { repositoryToken } from './inject.ts';
import { logSnapshotFault } from './log-snapshot-fault.ts';
import { optionsToken } from './options.ts';
import type { FeatureOptions, LeftfoldOptions } from './options.ts';

/** Holds a slice; a class of its own, so that features do not bring the context's middleware again. */
@Module({})
class FeatureModule {}

/** A slice: its repositories, to be injected anywhere, and what it has, to be found by whoever follows. */
export function featureModule(feature: FeatureOptions): DynamicModule {
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
