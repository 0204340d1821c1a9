import { DefinitionError } from '@leftfold/core';
import {
  follow,
  followReaction,
  isFedInline,
  reactionFollower,
  relay,
  RELAY,
  shareReading,
} from '@leftfold/subscriptions';
import type { FollowerOptions, Measured, Running, Source } from '@leftfold/subscriptions';
import type { DiscoveryService } from '@nestjs/core';
import { projectionsOf } from './feature.ts';
import type { NamedFollower } from './followers.ts';
import type { LeftfoldOptions, ProjectorOptions } from './options.ts';
import { reactionsOf } from './reactions-of.ts';

/** Who follows in a process, and whose lag is measured there. */
export interface FollowPlan {
  /** Begins to start each of them. */
  readonly start: (watched: Pick<FollowerOptions, 'metrics' | 'logger'>) => readonly Promise<NamedFollower>[];
  readonly measured: readonly Measured[];
}
/** Makes a plan once all modules are there, so that every feature is found. */
export type Planning = (options: LeftfoldOptions, discovery: DiscoveryService) => FollowPlan;

/** The relay alone. @throws {@link DefinitionError} `LF_NO_BROKER` */
export function planRelay({ service, storage, broker }: LeftfoldOptions): FollowPlan {
  if (broker === undefined) throw noBroker('a relay');
  return {
    start: (watched) => [named('relay', relay({ storage, to: broker, service, ...watched }))],
    measured: [{ follower: RELAY }],
  };
}

/** Projections and reactions of the imported features, as {@link ProjectorOptions} say. @throws {@link DefinitionError} `LF_NO_BROKER` when told to follow one */
export function planProjector(how: ProjectorOptions): Planning {
  return (options, discovery) => {
    const { storage, broker } = options;
    if (how.from === 'broker' && broker === undefined) throw noBroker('a projector that follows the broker');
    const from = sourceOf(how, options);
    const { projections: all, reactions } = followedBy(how, discovery);
    const projections = all.filter((one) => !isFedInline(storage, one));
    return {
      start: (watched) => {
        const effects = reactions.map((one) => ({ ...reactionFollower(one), handles: one.handles }));
        const shared = shareReading([...projections, ...effects], { from, storage });
        return [
          ...projections.map((projection) => named(projection.name, follow(projection, { ...shared, ...watched }))),
          ...reactions.map((one) => named(one.name, followReaction(one, { ...shared, ...watched }))),
        ];
      },
      measured: [...projections, ...reactions.map(reactionFollower)].map((follower) => ({ follower, from })),
    };
  };
}

/** What is measured of followers that run elsewhere: the relay, where there is a broker, and whatever a projector would follow. */
export function followersElsewhere(
  how: ProjectorOptions,
  options: LeftfoldOptions,
  discovery: DiscoveryService,
): readonly Measured[] {
  const from = sourceOf(how, options);
  const { projections, reactions } = followedBy(how, discovery);
  return [
    ...(options.broker === undefined ? [] : [{ follower: RELAY }]),
    ...[...projections, ...reactions.map(reactionFollower)].map((follower) => ({ follower, from })),
  ];
}

const sourceOf = ({ from }: ProjectorOptions, { storage, broker }: LeftfoldOptions): Source =>
  from === 'log' || broker === undefined ? storage.log : broker.source;

function followedBy({ only, instance = 'default' }: ProjectorOptions, discovery: DiscoveryService) {
  return {
    projections: only ?? projectionsOf(discovery, instance),
    reactions: only === undefined ? reactionsOf(discovery, instance) : [],
  };
}

async function named(name: string, running: Promise<Running>): Promise<NamedFollower> {
  return { name, running: await running };
}

const noBroker = (who: string): DefinitionError =>
  new DefinitionError('LF_NO_BROKER', `${who} needs a broker; give one to LeftfoldModule.forRoot({ broker })`);
