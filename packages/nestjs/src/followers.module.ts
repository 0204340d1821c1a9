import { underClock } from '@leftfold/subscriptions';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import type { Planning } from './follow-plan.ts';
import { Followers } from './followers.ts';
import type { NamedFollower } from './followers.ts';
import { LagWatch, watchedBy } from './lag-watch.ts';
import { optionsToken } from './options.ts';
import type { LeftfoldOptions } from './options.ts';

/** Whoever imports it follows: it starts what is planned when the application is up, and measures how far behind that is. */
@Module({})
export class FollowersModule {}

/** One of them. `what` tells it apart from others where Nest is told to compare modules by content. */
export function followersModule(what: 'relay' | 'projector', instance: string, plan: Planning): DynamicModule {
  const inject = [optionsToken(instance), DiscoveryService];
  return {
    module: FollowersModule,
    imports: [DiscoveryModule],
    providers: [
      {
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
