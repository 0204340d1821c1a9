import { checkAliases, checkEventName } from './event-name.ts';
import { eventVersion, type EventVersion, type VersionOptions, type Versioned } from './event-version.ts';
import type { EventId, LogPosition, Metadata, StreamId, StreamVersion } from './message.ts';
import type { Fields, MarksOf, Of, Payload, PersonalField } from './schema.ts';

/** A payload per version: `{ 1: …; 2: … }`. */
export type History = { readonly [version: number]: object };

/** An event not yet recorded: what `decide` returns and what calling an event type makes. */
export interface NewEvent<out Name extends string = string, out V extends number = number, out P = unknown> {
  readonly type: Name;
  readonly version: V;
  readonly data: P;
}

/** An event as the log holds it, upcast to the latest version of its type. What projections get. */
export interface RecordedEvent<
  out Name extends string = string,
  out V extends number = number,
  out P = unknown,
> extends NewEvent<Name, V, P> {
  readonly id: EventId;
  /** Where it stands in its own stream. `key` is the stream's entity id, e.g. the order id. */
  readonly stream: {
    readonly id: StreamId;
    readonly category: string;
    readonly key: string;
    readonly version: StreamVersion;
  };
  /** Its name in the log; from Kafka it comes in the record header. */
  readonly position: LogPosition;
  readonly recordedAt: Date;
  readonly metadata: Metadata;
  /** The version it was written with; less than `version` when upcasters ran. */
  readonly writtenVersion: number;
}

/**
 * An event type: stable name, every version it ever had, and how old ones become new ones. Callable: it makes an event of the
 * latest version. A plain integration message is defined in the same way.
 *
 * `Name` wire name · `V` latest version · `H` payload per version · `P` fields of the latest version that hold personal data.
 */
export interface EventType<out Name extends string, V extends number, H extends History, out P extends string = never> {
  /** An event of the latest version. Checked against the schema and its constraints at append, before any transaction. */
  (data: H[V]): NewEvent<Name, V, H[V]>;
  readonly type: Name;
  readonly latest: V;
  readonly private: boolean;
  /** Names it had before. Events of them are still in the log; they are read as events of this type. */
  readonly aliases: readonly string[];
  /** Read as ever, written no more (`LF_EVENT_RETIRED` at append). */
  readonly retired: boolean;
  readonly personal: readonly P[];
  /** An event as an older release wrote it, for tests and golden files. `orderPlaced.at(1, {...})`. */
  at<K extends keyof H & number>(version: K, data: H[K]): NewEvent<Name, K, H[K]>;
  /** True for events of this type, whatever their version and their name were when written. Narrows. */
  is(event: NewEvent): event is NewEvent<Name, V, H[V]>;
  /**
   * The next version of the payload. Versions go up by one; each needs its upcaster (`up`).
   * Upcasters run once, at the one boundary shared by load, replay, Kafka and tests.
   * A field with a reader default ({@link withDefault}, `nullable`) needs no new version: add it in place.
   */
  version<F extends Fields, O extends Upcaster<H[V], Payload<F>> & EventOptions<F>>(
    next: Next<V>,
    fields: F,
    options: O & Strict<O, Payload<F>>,
  ): EventType<Name, Next<V>, Flat<H & { readonly [K in Next<V>]: Payload<F> }>, PersonalField<F>>;
}

/** What a new version says about the one before it. */
export interface Upcaster<Old, New> {
  /** The old payload in the new shape. Pure and total: where it throws, loading fails and projections stop (`LF_UPCAST_FAILED`). */
  readonly up: (old: Old) => New;
  /** How readers of the version before would read this one. Its type is checked; nothing calls it: the log is always written in the latest version. */
  readonly down?: (data: New) => Old;
}

/** Finds what TypeScript lets pass in inferred options: misspelt options, and fields an upcaster returns that the schema does not have. */
export type Strict<O, New> = {
  readonly [K in Exclude<keyof O, 'up' | 'down' | 'doc' | 'subject'>]: `unknown option '${K & string}'`;
} & (O extends { readonly up: (...old: never) => infer R }
  ? Exclude<keyof R, keyof New> extends never
    ? unknown
    : {
        readonly up: `the upcaster returns a field that the schema does not have: '${Exclude<keyof R, keyof New> & string}'`;
      }
  : unknown);

/** Names of the fields that hold a string and are not personal, hence can name a subject or a row. */
export type StringField<F extends Fields> = {
  [K in Exclude<keyof F, PersonalField<F>>]: Of<F[K]> extends string ? K : never;
}[Exclude<keyof F, PersonalField<F>>];

/** Options of one version of an event type. `subject` is required as soon as a field is personal. */
export type EventOptions<F extends Fields> = {
  /** One line for the event catalogue. */
  readonly doc?: string;
} & ([MarksOf<F>] extends [never]
  ? { readonly subject?: StringField<F> }
  : {
      /** The field that says whose personal data this is; not itself personal. */
      readonly subject: StringField<F>;
    });
/** Options of the type, for all its versions. */
export interface TypeOptions {
  /** Stays in the log, never on a topic: projections that follow the log see it. */
  readonly private?: true;
  /**
   * Names this type had before it was renamed, in any order. The log keeps them for ever, so this list never gets shorter. A coming name is listed one release
   * before it is written: a process that does not know a name takes its events for ones that nobody handles, and its read models miss them.
   */
  readonly aliases?: readonly string[];
  /** No longer written, still read: old events of it stay in the log for ever. */
  readonly retired?: true;
}

/**
 * Defines an event type, at version 1. The name goes on the wire and never changes: `context.entity.happened`, lower-case.
 * Pure: nothing is registered; whoever handles the type passes it on.
 * @param name two or more segments of letters, digits and hyphens, at most 200 bytes. All but the last are the Avro namespace.
 * @throws {@link DefinitionError} `LF_EVENT_NAME_INVALID` when the name or an alias has another form
 * @throws {@link DefinitionError} `LF_EVENT_NAME_DUPLICATE` when an alias is the name itself, or stands there twice
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when Avro cannot say the fields, or `subject` is missing or cannot be one; also from `version`
 */
export function event<const Name extends string, F extends Fields>(
  name: Name,
  fields: F,
  ...options: [MarksOf<F>] extends [never]
    ? [options?: EventOptions<F> & TypeOptions]
    : [options: EventOptions<F> & TypeOptions]
): EventType<Name, 1, { readonly 1: Payload<F> }, PersonalField<F>> {
  checkEventName(name);
  const own = (options[0] ?? {}) as VersionOptions & TypeOptions;
  const { aliases = [] } = own;
  checkAliases(name, aliases);
  const traits = { private: own.private === true, aliases: Object.freeze([...aliases]), retired: own.retired === true };
  const made: unknown = eventType(name, traits, [], eventVersion(name, 1, fields, own));
  return made as EventType<Name, 1, { readonly 1: Payload<F> }, PersonalField<F>>;
}

/** The callable value of a type whose versions before `latest` are `earlier`. */
function eventType(
  name: string,
  traits: Pick<EventType<string, number, History>, 'private' | 'aliases' | 'retired'>,
  earlier: readonly EventVersion[],
  latest: EventVersion,
): Versioned {
  const versions = Object.freeze([...earlier, latest]);
  const make = (version: number, data: object): NewEvent => ({ type: name, version, data });
  const parts = {
    type: name,
    latest: latest.version,
    ...traits,
    personal: latest.personal,
    at: make,
    is: (other: NewEvent): boolean => other.type === name || traits.aliases.includes(other.type),
    version: (next: number, fields: Fields, options: VersionOptions): Versioned =>
      eventType(name, traits, versions, eventVersion(name, next, fields, options, latest)),
    '~versions': versions,
  };
  return Object.freeze(Object.assign((data: object): NewEvent => make(latest.version, data), parts));
}
export { versionsOf, type EventVersion } from './event-version.ts';

/** Any event type. Its versions and payloads are `any`, since it takes as well as gives them: no other type has all event types below it. */
export type AnyEventType = EventType<string, any, any, string>;
/** The event that an event type makes: `EventOf<typeof orderPlaced>`. */
export type EventOf<T extends AnyEventType> =
  T extends EventType<infer N, infer V, infer H, string> ? NewEvent<N, V, H[V]> : never;
/** The recorded event of an event type, at its latest version. */
export type RecordedOf<T extends AnyEventType> =
  T extends EventType<infer N, infer V, infer H, string> ? RecordedEvent<N, V, H[V]> : never;
/** The latest payload of an event type. */
export type DataOf<T extends AnyEventType> = T extends EventType<string, infer V, infer H, string> ? H[V] : never;

/** The names of its personal fields. */
export type PersonalOf<T extends AnyEventType> = T extends EventType<string, any, any, infer P> ? P : never;
/** A recorded event without its personal fields: what a route may look at. */
export type RoutableOf<T extends AnyEventType> =
  T extends EventType<infer N, infer V, infer H, infer P>
    ? RecordedEvent<N, V, { readonly [K in Exclude<keyof H[V], P>]: H[V][K] }>
    : never;
/** Names of the fields that may route an event to a `Key`. */
export type RouteField<T extends AnyEventType, Key> = {
  [K in Exclude<keyof DataOf<T>, PersonalOf<T>>]: DataOf<T>[K] extends Key ? K : never;
}[Exclude<keyof DataOf<T>, PersonalOf<T>>];

/** The number after `V`, up to 32 versions. A table, because the recursive form makes tsc 7.0.2 panic when it measures variance. */
export type Next<V extends number> = V extends keyof Successor ? Successor[V] : number;
interface Successor {
  1: 2;
  2: 3;
  3: 4;
  4: 5;
  5: 6;
  6: 7;
  7: 8;
  8: 9;
  9: 10;
  10: 11;
  11: 12;
  12: 13;
  13: 14;
  14: 15;
  15: 16;
  16: 17;
  17: 18;
  18: 19;
  19: 20;
  20: 21;
  21: 22;
  22: 23;
  23: 24;
  24: 25;
  25: 26;
  26: 27;
  27: 28;
  28: 29;
  29: 30;
  30: 31;
  31: 32;
}
/** Shows an intersection as one object. */
export type Flat<T> = { readonly [K in keyof T]: T[K] };
