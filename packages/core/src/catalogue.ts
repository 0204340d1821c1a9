import type { EventSet } from './aggregate.ts';
import { DefinitionError } from './errors.ts';
import { avroRecordName } from './event-name.ts';
import { eventTypesByName } from './event-types-by-name.ts';
import type { AnyEventType } from './event.ts';
import { isEventType, versionsOf } from './event-version.ts';
import { namesOf } from './schema/names-of.ts';

/** An aggregate or a decider, as far as a catalogue needs it. */
export interface EventOwner {
  readonly category: string;
  readonly events: EventSet;
}
/** What a catalogue is made of. A root class, or a repository, brings its aggregate. */
export type CatalogueEntry = AnyEventType | EventOwner | { readonly aggregate: EventOwner };

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
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when a record or enum inside an event has the Avro name that an event has or had, or an entry is none
 */
export function catalogue(...entries: readonly CatalogueEntry[]): Catalogue {
  const types = new Set<AnyEventType>();
  const categories = new Map<string, string[]>();
  entries.forEach((entry, index) => {
    if (isEventType(entry)) {
      types.add(entry);
      return;
    }
    const { category, events } = ownerOf(entry, index);
    for (const type of Object.values<AnyEventType>(events)) {
      types.add(type);
      const known = categories.get(type.type) ?? [];
      if (!known.includes(category)) categories.set(type.type, [...known, category]);
    }
  });
  eventTypesByName(types);
  refuseCollidingRecords(types);
  const events = [...types].sort((a, b) => (a.type < b.type ? -1 : 1));
  return Object.freeze({ events: Object.freeze(events), categories });
}

function ownerOf(entry: Exclude<CatalogueEntry, AnyEventType>, index: number): EventOwner {
  const given = entry as { readonly aggregate?: EventOwner } | null | undefined;
  const { category, events } = (given?.aggregate ?? given ?? {}) as Partial<EventOwner>;
  if (typeof category === 'string' && events && Object.values(events).every(isEventType)) return { category, events };
  throw new DefinitionError(
    'LF_SCHEMA_INVALID',
    `entry ${index + 1} of the catalogue is no event type, aggregate or root class; if it is undefined, two files import each other`,
  );
}

/**
 * Whoever generates classes from all texts of a service has one class for a name: an event's own must not be something else elsewhere, nor one from before a rename.
 * Parts of one name that differ between events or versions are let be: versions must be free to differ in them, and no release can rename a part,
 * as readers match records by name.
 */
function refuseCollidingRecords(types: Iterable<AnyEventType>): void {
  const events = new Map<string, string>();
  const parts: (readonly [name: string, place: string])[] = [];
  for (const type of types) {
    for (const { version, schema } of versionsOf(type)) {
      for (const event of [type.type, ...type.aliases]) {
        const { namespace, name } = avroRecordName(event, version);
        events.set(`${namespace}.${name}`, `${event}, version ${version}`);
      }
      for (const part of namesOf(schema.avro).slice(1)) parts.push([part, `${type.type}, version ${version}`]);
    }
  }
  for (const [name, place] of parts) {
    const event = events.get(name);
    if (event !== undefined) {
      throw new DefinitionError(
        'LF_SCHEMA_INVALID',
        `${place}: its part '${name}' has the Avro name of ${event}; give the record or enum another name`,
      );
    }
  }
}
