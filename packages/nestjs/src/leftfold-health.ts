import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { FollowerLag, FollowerStatus, LaneTrouble } from '@leftfold/subscriptions';
import { Followers } from './followers.ts';
import { LagWatch } from './lag-watch.ts';
import { ReadModelTables, sayUnbound } from './read-model-tables.ts';
import type { BoundReadModel } from './read-model-tables.ts';
import { SchemaReadiness } from './schema-readiness.ts';
import type { MissingSchema } from './schema-readiness.ts';

/** A blip is tried again and over; what lasts longer than this is shown. */
const DEGRADED_AFTER_MS = 30_000;

/** How a process is. */
export interface HealthReport {
  /**
   * `down`: no use to anybody as it is: a follower has ended, a lane stands still or waits for newer code, a schema that is written is not registered, or no
   * version of a read model that this code can read is live.
   * `degraded`: something has been tried again for more than 30 s, a server away mostly; or keys are withheld or parked, which a person has to look at. The rest goes on, and to take the
   * process away would not help: ready.
   */
  readonly status: 'up' | 'degraded' | 'down';
  /** Why it is not `up`, a sentence each, the worst first. */
  readonly reasons: readonly string[];
  readonly followers: readonly FollowerStatus[];
  /** How far behind the followers are, of this process or of others, as it measured last. Never a reason: a restart mends no lag. */
  readonly lag: readonly FollowerLag[];
  /** What this process writes and what is not registered yet. */
  readonly missingSchemas: readonly MissingSchema[];
  /** Which version of each read model its queries read. */
  readonly readModels: readonly BoundReadModel[];
}

/**
 * How this process is, for a health page or an indicator of your own. {@link LeftfoldHealthModule} exports it. Asks no server: it says what is known here.
 * The text of a fault is whole, so that somebody can read it: what a fold threw may quote an event. Show it to who may see events; a page for anybody shows the codes.
 */
@Injectable()
export class LeftfoldHealth {
  readonly #discovery: DiscoveryService;

  constructor(@Inject(DiscoveryService) discovery: DiscoveryService) {
    this.#discovery = discovery;
  }

  check(): HealthReport {
    const providers = this.#discovery.getProviders().map(({ instance }: { readonly instance: unknown }) => instance);
    const followers = providers.flatMap((provider) => (provider instanceof Followers ? provider.status() : []));
    const lag = providers.flatMap((provider) => (provider instanceof LagWatch ? provider.latest() : []));
    const missingSchemas = providers.flatMap((provider) =>
      provider instanceof SchemaReadiness ? provider.missing : [],
    );
    const readModels = providers.flatMap((provider) => (provider instanceof ReadModelTables ? provider.bound : []));
    const down = [
      ...followers.flatMap(standingStill),
      ...missingSchemas.map(
        ({ schema, code }) => `the schema ${schema} is not known to be registered (${code ?? 'not asked yet'})`,
      ),
      ...readModels.filter(({ reads }) => reads === null).map(sayUnbound),
    ];
    const degraded = followers.flatMap(inTrouble);
    const status = down.length > 0 ? 'down' : degraded.length > 0 ? 'degraded' : 'up';
    return { status, reasons: [...down, ...degraded], followers, lag, missingSchemas, readModels };
  }
}

function standingStill({ name, isRunning, fault, lanes }: FollowerStatus): readonly string[] {
  if (!isRunning) return [`${name} does not run${fault ? ` (${fault.code})` : ''}`];
  return lanes.flatMap(({ lane, state, fault: why }) =>
    state === 'stopped' || state === 'waiting' ? [`${name}, lane ${lane} is ${state} (${why?.code})`] : [],
  );
}

function inTrouble({ name, isRunning, fault, trouble, lanes }: FollowerStatus): readonly string[] {
  const ofSource = isRunning && lasts(trouble) ? [`${name}: its source cannot read (${fault?.code})`] : [];
  const ofLanes = lanes.flatMap((one) =>
    one.state === 'retrying' && lasts(one.trouble)
      ? [`${name}, lane ${one.lane} is retrying (${one.fault?.code})`]
      : [],
  );
  const withholding = lanes.flatMap(({ lane, withheldKeys = 0 }) =>
    withheldKeys > 0 ? [`${name}, lane ${lane} withholds ${withheldKeys} keys`] : [],
  );
  const parking = lanes.flatMap(({ lane, parkedKeys = 0 }) =>
    parkedKeys > 0 ? [`${name}, lane ${lane} has parked ${parkedKeys} keys`] : [],
  );
  return [...ofSource, ...ofLanes, ...withholding, ...parking];
}

const lasts = (trouble: LaneTrouble | undefined): trouble is LaneTrouble =>
  trouble !== undefined && Date.now() - trouble.since.getTime() > DEGRADED_AFTER_MS;
