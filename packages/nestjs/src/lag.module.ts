import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { followersElsewhere } from './follow-plan.ts';
import { LagWatch } from './lag-watch.ts';
import { optionsToken } from './options.ts';
import type { LeftfoldOptions, ProjectorOptions } from './options.ts';

@Module({})
class LagModule {}

/** Measures, and starts nothing: how far behind followers are that run in other processes, or in none. */
export function lagModule(how: ProjectorOptions): DynamicModule {
  const { instance = 'default' } = how;
  return {
    module: LagModule,
    imports: [DiscoveryModule],
    providers: [
      {
        provide: Symbol(`leftfold lag (${instance})`),
        inject: [optionsToken(instance), DiscoveryService],
        useFactory: (options: LeftfoldOptions, discovery: DiscoveryService) =>
          new LagWatch(options, () => followersElsewhere(how, options, discovery)),
      },
    ],
  };
}
