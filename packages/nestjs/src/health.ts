import { Controller, Get, Inject, Module, ServiceUnavailableException } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { faultText, type LaneFault } from '@leftfold/subscriptions';
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
    const report = forReading(this.#health.check());
    // An exception's body does not pass the interceptor that brings it into JSON form.
    if (report.status === 'down') throw new ServiceUnavailableException(jsonReply(report));
    return report;
  }
}

/** What a page may show that is read without asking who reads: of an error that may quote an event the code, not the text. */
function forReading(report: HealthReport): HealthReport {
  const followers = report.followers.map((follower) => ({
    ...withoutQuotes(follower),
    lanes: follower.lanes.map(withoutQuotes),
  }));
  const missingSchemas = report.missingSchemas.map((one) =>
    one.code === undefined || one.message === undefined
      ? one
      : { ...one, message: faultText({ code: one.code, message: one.message }) },
  );
  return { ...report, followers, missingSchemas };
}

const withoutQuotes = <T extends { readonly fault?: LaneFault }>(one: T): T =>
  one.fault === undefined ? one : { ...one, fault: { ...one.fault, message: faultText(one.fault) } };

/**
 * `GET /health/live` and `GET /health/ready` for every process, and {@link LeftfoldHealth} for a page of your own. Live: the process answers; it never looks at
 * lag, since a restart mends no lag. Ready: where each follower of this process stands and how far behind it is; 503, with the code, when a follower has ended, or a lane of
 * it is stopped or waits for newer code; until a version of each read model that this code can read is live; and, where commands are served, until every schema that they write is registered. A relay whose broker is
 * away stays ready, `degraded` after 30 s: the log keeps everything, and whoever restarted it would change nothing. No personal data: what the application's own code, or another's,
 * said of an error is in {@link LeftfoldHealth} alone.
 */
@Module({
  imports: [DiscoveryModule],
  controllers: [HealthController],
  providers: [LeftfoldHealth],
  exports: [LeftfoldHealth],
})
export class LeftfoldHealthModule {}
