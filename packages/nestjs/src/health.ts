import { Controller, Get, Inject, Module, ServiceUnavailableException } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import type { FollowerStatus } from '@leftfold/subscriptions';
import { withoutBigints } from './bigint-replies.interceptor.ts';
import { Followers } from './followers.ts';

@Controller('health')
class HealthController {
  readonly #discovery: DiscoveryService;

  constructor(@Inject(DiscoveryService) discovery: DiscoveryService) {
    this.#discovery = discovery;
  }

  @Get('live')
  live(): { readonly status: 'up' } {
    return { status: 'up' };
  }

  @Get('ready')
  ready(): { readonly status: 'up'; readonly followers: readonly FollowerStatus[] } {
    const followers = this.#discovery
      .getProviders()
      .flatMap(({ instance }) => (instance instanceof Followers ? instance.status() : []));
    const isDown = followers.some(
      ({ isRunning, lanes }) => !isRunning || lanes.some(({ state }) => state === 'stopped' || state === 'waiting'),
    );
    // An exception's body does not pass the interceptor that turns bigints into text.
    if (isDown) throw new ServiceUnavailableException(withoutBigints({ status: 'down', followers }));
    return { status: 'up', followers };
  }
}

/**
 * `GET /health/live` and `GET /health/ready` for every process. Live: the process answers; it never looks at lag, since a restart mends no lag. Ready: where each follower
 * of this process stands; 503, with the code, when a follower has ended, or a lane of it is stopped or waits for newer code.
 */
@Module({ imports: [DiscoveryModule], controllers: [HealthController] })
export class LeftfoldHealthModule {}
