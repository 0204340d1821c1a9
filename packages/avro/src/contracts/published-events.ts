import type { AnyEventType, Catalogue } from '@leftfold/core';
import type { ContractsOptions } from './contracts-options.ts';

/** The events of one category, and where they go. */
export interface CategoryEvents {
  readonly category: string;
  /** `null`: none of them leaves the log. */
  readonly topic: string | null;
  /** In order of their names. */
  readonly events: readonly AnyEventType[];
}

/** All categories of a catalogue by name, each with all its events, private ones, too. Deterministic. */
export function categoriesOf(
  catalogue: Catalogue,
  { topic, categories = {} }: Pick<ContractsOptions, 'topic' | 'categories'>,
): readonly CategoryEvents[] {
  const found = new Map<string, AnyEventType[]>();
  for (const type of catalogue.events) {
    const declared = Object.hasOwn(categories, type.type) ? categories[type.type] : undefined;
    const names = catalogue.categories.get(type.type) ?? declared ?? [namespaceOf(type.type)];
    for (const category of names) found.set(category, [...(found.get(category) ?? []), type]);
  }
  return sorted(found).map(([category, events]) => ({
    category,
    topic: events.some(isPublic) ? topic(category) : null,
    events,
  }));
}

/** What stands on one topic. */
export interface TopicEvents {
  readonly topic: string;
  readonly categories: readonly string[];
  /** Public event types, in order of their names. */
  readonly events: readonly AnyEventType[];
}

/** The topics that a service writes to, by name, with the public events of all their categories. None for a topic on which nothing stands. */
export function topicsOf(categories: readonly CategoryEvents[]): readonly TopicEvents[] {
  const found = new Map<string, CategoryEvents[]>();
  for (const entry of categories)
    if (entry.topic !== null) found.set(entry.topic, [...(found.get(entry.topic) ?? []), entry]);
  return sorted(found).map(([topic, entries]) => ({
    topic,
    categories: entries.map(({ category }) => category),
    events: [...new Set(entries.flatMap(({ events }) => events.filter(isPublic)))].sort(byName),
  }));
}

const isPublic = (type: AnyEventType): boolean => !type.private;
const byName = (a: AnyEventType, b: AnyEventType): number => (a.type < b.type ? -1 : 1);
const namespaceOf = (type: string): string => type.slice(0, type.lastIndexOf('.'));
/** By code units: the same on every machine, whatever its language. */
const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
