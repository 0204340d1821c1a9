import { RELAY, type AnyProjection, type FollowerLag, type Storage } from '@leftfold/subscriptions';
import { Inject, Injectable, Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { LeftfoldHealth } from './leftfold-health.ts';
import { ReadModelTables } from './read-model-tables.ts';

/** What `@nestjs/terminus` takes from an indicator: one that is `down` fails the check that it is part of. */
export interface Indicated {
  readonly [key: string]: { readonly status: 'up' | 'down'; readonly [detail: string]: unknown };
}
/** How far behind is too far. */
export interface MostLag {
  /** Default: any lag is told, and none is too much. */
  readonly maxLagMs?: number;
}

/** A lag that was measured longer ago says nothing of now. */
const OLD_MS = 60_000;
/** Parked keys are counted again after this. */
const COUNT_AGAIN_MS = 10_000;

/**
 * How this process is, as indicators for a health controller of your own: `health.check([() => indicators.ready(), () => indicators.deadLetters({ max: 0 })])`. Knows nothing of
 * `@nestjs/terminus` but the form of an answer. `ready` is for readiness; the others are for people: a restart mends no lag and unparks no key, so let no liveness probe look at them.
 */
@Injectable()
export class LeftfoldIndicators {
  readonly #health: LeftfoldHealth;
  readonly #discovery: DiscoveryService;
  #counted: { readonly at: number; readonly keys: Promise<Readonly<Record<string, number>>> } | undefined;

  constructor(@Inject(LeftfoldHealth) health: LeftfoldHealth, @Inject(DiscoveryService) discovery: DiscoveryService) {
    this.#health = health;
    this.#discovery = discovery;
  }

  /** Down while {@link LeftfoldHealth} is: no follower of this process stands still, its read models are bound, every schema that it writes is registered. Asks no server. */
  async ready(): Promise<Indicated> {
    const { status, reasons } = this.#health.check();
    return { leftfold: { status: status === 'down' ? 'down' : 'up', degraded: status === 'degraded', reasons } };
  }
  /** How far the relay is behind, as this process measured last; down where that is too far, or it could not be measured for a minute. Asks no server. */
  async relay({ maxLagMs }: MostLag = {}): Promise<Indicated> {
    const lag = this.#health.check().lag.find(({ name }) => name === RELAY.name);
    return { relay: lag === undefined ? unmeasured : lagOf(lag, maxLagMs) };
  }
  /** The same of each projection and reaction whose lag this process measures; of one that follows a broker by events, since times are not known. */
  async projections(options: MostLag = {}): Promise<Indicated> {
    const measured = this.#health.check().lag.filter(({ name }) => name !== RELAY.name);
    return Object.fromEntries(measured.map((lag) => [lag.name, lagOf(lag, options.maxLagMs)]));
  }
  /**
   * How many keys of this process' projections are parked, whoever runs them; down where these are more than `max` together, by default any. Asks the storage, at most once in
   * ten seconds; down while it does not answer.
   */
  async deadLetters({ max = 0 }: { readonly max?: number } = {}): Promise<Indicated> {
    const keys = await this.#parkedKeys().catch(() => undefined);
    if (keys === undefined) return { deadLetters: unmeasured };
    const sum = Object.values(keys).reduce((all, one) => all + one, 0);
    return { deadLetters: { status: sum > max ? 'down' : 'up', keys: sum, projections: keys } };
  }

  #parkedKeys(): Promise<Readonly<Record<string, number>>> {
    const now = performance.now();
    if (this.#counted === undefined || now - this.#counted.at >= COUNT_AGAIN_MS) {
      const keys = this.#count();
      this.#counted = { at: now, keys };
      keys.catch(() => (this.#counted = undefined));
    }
    return this.#counted.keys;
  }
  async #count(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const { storage, projection } of this.#followed()) {
      const lanes = await storage.parked.count(projection);
      counts[projection.name] = [...lanes.values()].reduce((all, one) => all + one, 0);
    }
    return counts;
  }
  #followed(): readonly { readonly storage: Storage; readonly projection: AnyProjection }[] {
    const providers = this.#discovery.getProviders().map(({ instance }: { readonly instance: unknown }) => instance);
    return providers.flatMap((provider) => (provider instanceof ReadModelTables ? provider.followed() : []));
  }
}

const unmeasured = { status: 'down', why: 'not measured yet, or the server does not answer' } as const;

function lagOf({ events, isMore, oldestMs, measuredAt }: FollowerLag, maxLagMs = Infinity): Indicated[string] {
  const isOld = Date.now() - measuredAt.getTime() > OLD_MS;
  const isFar = (oldestMs ?? 0) > maxLagMs;
  return {
    status: isOld || isFar ? 'down' : 'up',
    events,
    isMore,
    ...(oldestMs !== undefined && { oldestMs }),
    measuredAt: measuredAt.toISOString(),
  };
}

/** Brings {@link LeftfoldIndicators}, for a module with a health controller of its own, and no page. */
@Module({
  imports: [DiscoveryModule],
  providers: [LeftfoldHealth, LeftfoldIndicators],
  exports: [LeftfoldIndicators],
})
export class LeftfoldIndicatorsModule {}
