import { DefinitionError } from '@leftfold/core';
import type { AnyProjection } from '@leftfold/subscriptions';
import type { DiscoveryService } from '@nestjs/core';
import type { FeatureOptions } from './options.ts';

/** What a `forFeature` brought; found by discovery, so a feature starts nothing by itself. */
export class Feature {
  readonly instance: string;
  readonly options: FeatureOptions;

  constructor(options: FeatureOptions) {
    this.instance = options.instance ?? 'default';
    this.options = options;
  }
}

/**
 * The projections of all features of an instance, each once.
 * @throws {@link DefinitionError} `LF_PROJECTION_DUPLICATE` when two different ones have one name
 */
export function projectionsOf(discovery: DiscoveryService, instance: string): readonly AnyProjection[] {
  const byName = new Map<string, AnyProjection>();
  for (const { instance: provider } of discovery.getProviders()) {
    if (!(provider instanceof Feature) || provider.instance !== instance) continue;
    for (const projection of provider.options.projections ?? []) {
      const other = byName.get(projection.name);
      if (other !== undefined && other !== projection) {
        throw new DefinitionError(
          'LF_PROJECTION_DUPLICATE',
          `two projections are named ${projection.name}; each needs a name of its own`,
        );
      }
      byName.set(projection.name, projection);
    }
  }
  return [...byName.values()];
}
