import { versionsOf } from '@leftfold/core';
import type { AnyEventType, EventOwner, WriterSchema } from '@leftfold/core';
import type { DiscoveryService } from '@nestjs/core';
import { Feature } from './feature.ts';
import { repositoryToken } from './inject.ts';

/**
 * The schemas of the records that commands of this process may cause: the latest version of each public event of {@link writtenTypes}.
 */
export function writtenSchemas(discovery: DiscoveryService, instance: string): readonly WriterSchema[] {
  const published = writtenTypes(discovery, instance).filter((type) => !type.private);
  const written = published.map((type) => versionsOf(type).at(-1)?.writer);
  return [...new Set(written)].filter((writer) => writer !== undefined);
}

/**
 * The events that commands of this process may write: those that are still written of each aggregate whose repository something here injects. A process that only brings a feature along, for its
 * projections, writes none of its events. To be asked when all modules are there.
 */
export function writtenTypes(discovery: DiscoveryService, instance: string): readonly AnyEventType[] {
  const wrappers = [...discovery.getProviders(), ...discovery.getControllers()];
  const injected = new Set(
    wrappers.flatMap((wrapper) => [
      ...(wrapper.getCtorMetadata() ?? []).map(({ token }) => token),
      ...(wrapper.getPropertiesMetadata() ?? []).map(({ wrapper: { token } }) => token),
    ]),
  );
  const aggregates = wrappers
    .flatMap(({ instance: provider }) => (provider instanceof Feature ? [provider] : []))
    .filter((feature) => feature.instance === instance)
    .flatMap(({ options }) => options.aggregates ?? [])
    .filter((aggregate) => injected.has(repositoryToken(aggregate, instance)));
  const types = aggregates.flatMap((of) => {
    const { events } = ('aggregate' in of ? of.aggregate : of) as Pick<EventOwner, 'events'>;
    return Object.values<AnyEventType>(events);
  });
  return types.filter((type) => !type.retired);
}
