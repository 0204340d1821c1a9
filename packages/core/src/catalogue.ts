import type { EventSet } from './aggregate.ts';
import { eventTypesByName } from './event-types-by-name.ts';
import type { AnyEventType } from './event.ts';

/** What an aggregate and a root class have in common. */
export interface EventOwner {
  readonly category: string;
  readonly events: EventSet;
}
/** The events a service has: what tools need (the release gate, contracts, the golden corpus). Nothing at run time rests on it. */
export interface Catalogue {
  /** Each once, in order of their names. */
  readonly events: readonly AnyEventType[];
  /** Categories of the aggregates that have a type, by its name; none for a type that was listed alone. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
}

/**
 * An explicit list: aggregates, root classes and single event types; the same type may come in several ways. Pure.
 * @throws {@link DefinitionError} `LF_EVENT_NAME_DUPLICATE` when two types share a name, or one is called as another was before
 */
export function catalogue(...entries: readonly (AnyEventType | EventOwner)[]): Catalogue {
  const types = new Set<AnyEventType>();
  const categories = new Map<string, string[]>();
  for (const entry of entries) {
    if (!('events' in entry)) {
      types.add(entry);
      continue;
    }
    const { category, events } = entry;
    for (const type of Object.values<AnyEventType>(events)) {
      types.add(type);
      const known = categories.get(type.type) ?? [];
      if (!known.includes(category)) categories.set(type.type, [...known, category]);
    }
  }
  eventTypesByName(types);
  const events = [...types].sort((a, b) => (a.type < b.type ? -1 : 1));
  return Object.freeze({ events: Object.freeze(events), categories });
}
