import type { AnyDecider, AnyRootClass, RepositoryOptions } from '@leftfold/core';
import type {
  AnyProjection,
  AnyReaction,
  Broker,
  Clock,
  Logger,
  Metrics,
  ObserveLagOptions,
  Storage,
} from '@leftfold/subscriptions';
import type { DynamicModule, InjectionToken, OptionalFactoryDependency, Type } from '@nestjs/common';

/**
 * The request as the guards left it. Annotate `identify`'s parameter with Express's or Fastify's own type if you like. `any`, since only the application knows what its guards leave: so
 * `({ user }) => ({ actor: user.id })` compiles without an annotation, and either framework's request fits.
 */
export interface GuardedRequest {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  /** Absent where no guard has set it. */
  readonly user?: any;
  readonly [more: string]: any;
}
/** Who asks. */
export interface Identity {
  readonly actor?: string;
  readonly tenant?: string;
  readonly roles?: readonly string[];
}

/** What the whole application shares. Ports only: this package imports no adapter. */
export interface LeftfoldOptions {
  /** Name of the service: consumer groups, leases, `ce_source`. Stable; kebab-case. */
  readonly service: string;
  readonly storage: Storage;
  /** Without a broker, projections follow the log itself; nothing else changes. */
  readonly broker?: Broker;
  /** A second instance in one application; then `@InjectRepository(order, 'billing')`. */
  readonly instance?: string;
  /** Who asks. Called after the guards, so `request.user` is there. Nothing else names the tenant: a header cannot. */
  identify?(request: GuardedRequest): Identity;
  /** HTTP status per refusal code. Default 409; `…_NOT_FOUND` 404. */
  readonly status?: { readonly [refusalCode: string]: number };
  /** Where numbers of followers and their lag go. Default: nowhere. */
  readonly metrics?: Metrics;
  /** What followers wait by, and the `now` of decisions. Default: the machine's. A test has one of its own: `@leftfold/nestjs/testing`. */
  readonly clock?: Clock;
  /** Where lines about followers go. Default: Nest's `Logger`, context `Leftfold`, with the fields behind the sentence. */
  readonly logger?: Logger;
  /** How processes with followers measure how far behind these are, for metrics and health. `false`: not at all. Default: every 10 s for each follower; up to 10,000 events. */
  readonly lag?: Pick<ObserveLagOptions, 'everyMs' | 'atMost'> | false;
}
/** Options that are made by a factory, with what it needs. */
export interface LeftfoldAsyncOptions {
  readonly imports?: readonly (Type | DynamicModule)[];
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** Gets what `inject` names, in that order; annotate its parameters. */
  useFactory(...dependencies: unknown[]): LeftfoldOptions | Promise<LeftfoldOptions>;
  /** Of a second Leftfold in one application. */
  readonly instance?: string;
}
/** What a projector process follows. */
export interface ProjectorOptions {
  /** Default: the broker, if there is one. */
  readonly from?: 'log' | 'broker';
  /** Default: all projections of the imported features, and all reactions. With it, these projections, and no reactions. */
  readonly only?: readonly AnyProjection[];
  /** Of a second Leftfold in one application. */
  readonly instance?: string;
}
/** One vertical slice: what it has. Nothing starts here; the entry point decides what runs. */
export interface FeatureOptions {
  readonly aggregates?: readonly (AnyDecider | AnyRootClass)[];
  /** How their repositories work: attempts on conflict, a cache of hot aggregates (of each its own). */
  readonly repositories?: Pick<RepositoryOptions, 'attempts' | 'cache'>;
  readonly projections?: readonly AnyProjection[];
  /** Reactions that are plain definitions. A class with `@Reaction` is a provider, and found by itself. */
  readonly reactions?: readonly AnyReaction[];
  readonly instance?: string;
}

/** Where a test says what the options of every `forRoot` are replaced by; nobody else provides it. */
export const optionsReplacement: InjectionToken<(given: LeftfoldOptions) => LeftfoldOptions> =
  'LEFTFOLD_OPTIONS_REPLACEMENT';

/** Injection token of an instance's {@link LeftfoldOptions}. Overriding it in a test works over `forRootAsync`, too. */
export const optionsToken = (instance = 'default'): InjectionToken => `LEFTFOLD_OPTIONS:${instance}`;
