import { setTimeout as timer } from 'node:timers/promises';
import { RELAY, type AnyProjection, type FollowerLag, type Storage } from '@leftfold/subscriptions';
import { Inject, Injectable, Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { LagWatch } from './lag-watch.ts';
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

/** Parked keys are counted again after this. */
const COUNT_AGAIN_MS = 10_000;
/** So long who asks for them waits: a probe is to have an answer before it gives up by itself. */
const COUNT_WITHIN_MS = 1_000;

/** A count that is under way, or was made. */
interface Counted {
  readonly at: number;
  /** `undefined`: it failed. */
  readonly keys: Promise<Readonly<Record<string, number>> | undefined>;
  isUnderWay: boolean;
}
/** A measurement, and by whom. */
interface Watched {
  readonly lag: FollowerLag;
  readonly by: LagWatch;
}

/**
 * How this process is, as indicators for a health controller of your own: `health.check([() => indicators.ready(), () => indicators.deadLetters({ max: 0 })])`. Knows nothing of
 * `@nestjs/terminus` but the form of an answer. `ready` is for readiness; the others are for people: a restart mends no lag and unparks no key, so let no liveness probe look at them.
 */
@Injectable()
export class LeftfoldIndicators {
  readonly #health: LeftfoldHealth;
  readonly #discovery: DiscoveryService;
  #counted: Counted | undefined;

  constructor(@Inject(LeftfoldHealth) health: LeftfoldHealth, @Inject(DiscoveryService) discovery: DiscoveryService) {
    this.#health = health;
    this.#discovery = discovery;
  }

  /** Down while {@link LeftfoldHealth} is: no follower of this process stands still, its read models are bound, every schema that it writes is registered. Asks no server. */
  async ready(): Promise<Indicated> {
    const { status, reasons } = this.#health.check();
    return { leftfold: { status: status === 'down' ? 'down' : 'up', degraded: status === 'degraded', reasons } };
  }
  /**
   * How far the relay is behind, as this process measured last, of several the worst; down where that is too far, or it could not be measured three times over, for a minute at least.
   * Asks no server.
   */
  async relay({ maxLagMs }: MostLag = {}): Promise<Indicated> {
    const lags = this.#watched().filter(({ lag }) => lag.name === RELAY.name);
    return { relay: worst(lags.map((one) => lagOf(one, maxLagMs))) ?? unmeasured };
  }
  /** The same of each projection and reaction whose lag this process measures; of one that follows a broker by events, since times are not known. */
  async projections({ maxLagMs }: MostLag = {}): Promise<Indicated> {
    const measured = this.#watched().filter(({ lag }) => lag.name !== RELAY.name);
    const byName = Map.groupBy(measured, ({ lag }) => lag.name);
    return Object.fromEntries(
      [...byName].map(([name, lags]) => [name, worst(lags.map((one) => lagOf(one, maxLagMs))) ?? unmeasured]),
    );
  }
  /**
   * How many keys of this process' projections are parked, whoever runs them; down where these are more than `max` together, by default any. Asks the storage, at most once in
   * ten seconds; down while it does not answer, within a second.
   */
  async deadLetters({ max = 0 }: { readonly max?: number } = {}): Promise<Indicated> {
    const keys = await withinMs(COUNT_WITHIN_MS, this.#parkedKeys());
    if (keys === undefined) return { deadLetters: unmeasured };
    const sum = Object.values(keys).reduce((all, one) => all + one, 0);
    return { deadLetters: { status: sum > max ? 'down' : 'up', keys: sum, projections: keys } };
  }

  /** The latest measurement of each follower: where a process measures one twice, as its projector and for a page, that is one. */
  #watched(): readonly Watched[] {
    const all = this.#providers().flatMap((by) =>
      by instanceof LagWatch ? by.latest().map((lag): Watched => ({ lag, by })) : [],
    );
    const isSame = (a: Watched, b: Watched): boolean =>
      a.by.storage === b.by.storage && a.lag.name === b.lag.name && a.lag.version === b.lag.version;
    return all
      .toSorted((a, b) => b.lag.measuredAt.getTime() - a.lag.measuredAt.getTime())
      .filter((one, n, sorted) => sorted.findIndex((other) => isSame(one, other)) === n);
  }
  #parkedKeys(): Counted['keys'] {
    const before = this.#counted;
    const now = performance.now();
    // Where a server does not answer, who asks again waits for the same answer, and takes no further connection.
    if (before && (before.isUnderWay || now - before.at < COUNT_AGAIN_MS)) return before.keys;
    const counted: Counted = { at: now, keys: this.#count().catch(() => undefined), isUnderWay: true };
    this.#counted = counted;
    void counted.keys.then((keys) => {
      counted.isUnderWay = false;
      if (keys === undefined) this.#counted = undefined;
    });
    return counted.keys;
  }
  async #count(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const { storage, projection } of this.#followed()) {
      const lanes = await storage.parked.count(projection);
      const keys = [...lanes.values()].reduce((all, one) => all + one, 0);
      // Of two versions, or in two instances, under one name.
      counts[projection.name] = (counts[projection.name] ?? 0) + keys;
    }
    return counts;
  }
  #followed(): readonly { readonly storage: Storage; readonly projection: AnyProjection }[] {
    return this.#providers().flatMap((provider) => (provider instanceof ReadModelTables ? provider.followed() : []));
  }
  #providers(): readonly unknown[] {
    return this.#discovery.getProviders().map(({ instance }: { readonly instance: unknown }) => instance);
  }
}

const unmeasured = { status: 'down', why: 'not measured yet, or the server does not answer' } as const;

interface IndicatedLag {
  readonly status: 'up' | 'down';
  readonly events: number;
  readonly oldestMs?: number;
  readonly [detail: string]: unknown;
}

function lagOf({ lag, by }: Watched, maxLagMs = Infinity): IndicatedLag {
  const { events, isMore, oldestMs, measuredAt } = lag;
  const isFar = (oldestMs ?? 0) > maxLagMs;
  return {
    status: by.isOld(lag) || isFar ? 'down' : 'up',
    events,
    isMore,
    ...(oldestMs !== undefined && { oldestMs }),
    measuredAt: measuredAt.toISOString(),
  };
}

/** One that is down before all others, then the one that is furthest behind. */
function worst(lags: readonly IndicatedLag[]): IndicatedLag | undefined {
  const isDown = ({ status }: IndicatedLag): number => (status === 'down' ? 1 : 0);
  const order = (a: IndicatedLag, b: IndicatedLag): number =>
    isDown(b) - isDown(a) || (b.oldestMs ?? 0) - (a.oldestMs ?? 0) || b.events - a.events;
  return lags.toSorted(order)[0];
}

/** What is answered within this time; `undefined` afterwards. */
async function withinMs<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  try {
    return await Promise.race([answer, timer(ms, undefined, { signal: late.signal, ref: false })]);
  } finally {
    late.abort();
  }
}

/** Brings {@link LeftfoldIndicators}, for a module with a health controller of its own, and no page. */
@Module({
  imports: [DiscoveryModule],
  providers: [LeftfoldHealth, LeftfoldIndicators],
  exports: [LeftfoldIndicators],
})
export class LeftfoldIndicatorsModule {}
