import { Controller, Get, Inject, Module, ServiceUnavailableException } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import type { FollowerStatus } from '@leftfold/subscriptions';
import { jsonReply } from './json-replies.interceptor.ts';
import { Followers } from './followers.ts';
import { SchemaReadiness } from './schema-readiness.ts';
import type { MissingSchema } from './schema-readiness.ts';

interface Readiness {
  readonly status: 'up' | 'down';
  readonly followers: readonly FollowerStatus[];
  /** What this process writes and what is not registered yet. */
  readonly missingSchemas: readonly MissingSchema[];
}

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
  ready(): Readiness {
    const providers = this.#discovery.getProviders().map(({ instance }: { readonly instance: unknown }) => instance);
    const followers = providers.flatMap((provider) => (provider instanceof Followers ? provider.status() : []));
    const missingSchemas = providers.flatMap((provider) =>
      provider instanceof SchemaReadiness ? provider.missing : [],
    );
    const isDown = followers.some(
      ({ isRunning, lanes }) => !isRunning || lanes.some(({ state }) => state === 'stopped' || state === 'waiting'),
    );
    // An exception's body does not pass the interceptor that brings it into JSON form.
    if (isDown || missingSchemas.length > 0)
      throw new ServiceUnavailableException(jsonReply({ status: 'down', followers, missingSchemas }));
    return { status: 'up', followers, missingSchemas };
  }
}

/**
 * `GET /health/live` and `GET /health/ready` for every process. Live: the process answers; it never looks at lag, since a restart mends no lag. Ready: where each follower
 * of this process stands; 503, with the code, when a follower has ended, or a lane of it is stopped or waits for newer code; and, where commands are served,
 * until every schema that they write is registered.
 */
@Module({ imports: [DiscoveryModule], controllers: [HealthController] })
export class LeftfoldHealthModule {}
