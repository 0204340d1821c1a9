import { Controller, Get, Inject, Module, ServiceUnavailableException } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { jsonReply } from './json-replies.interceptor.ts';
import { LeftfoldHealth } from './leftfold-health.ts';
import type { HealthReport } from './leftfold-health.ts';

@Controller('health')
class HealthController {
  readonly #health: LeftfoldHealth;

  constructor(@Inject(LeftfoldHealth) health: LeftfoldHealth) {
    this.#health = health;
  }

  @Get('live')
  live(): { readonly status: 'up' } {
    return { status: 'up' };
  }

  @Get('ready')
  ready(): HealthReport {
    const report = this.#health.check();
    // An exception's body does not pass the interceptor that brings it into JSON form.
    if (report.status === 'down') throw new ServiceUnavailableException(jsonReply(report));
    return report;
  }
}

/**
 * `GET /health/live` and `GET /health/ready` for every process, and {@link LeftfoldHealth} for a page of your own. Live: the process answers; it never looks at
 * lag, since a restart mends no lag. Ready: where each follower of this process stands and how far behind it is; 503, with the code, when a follower has ended, or a lane of
 * it is stopped or waits for newer code; and, where commands are served, until every schema that they write is registered. A relay whose broker is
 * away stays ready, `degraded` after 30 s: the log keeps everything, and whoever restarted it would change nothing.
 */
@Module({
  imports: [DiscoveryModule],
  controllers: [HealthController],
  providers: [LeftfoldHealth],
  exports: [LeftfoldHealth],
})
export class LeftfoldHealthModule {}
