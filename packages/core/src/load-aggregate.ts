import { foreign, type AnyAggregate, type EventIn, type EventSet, type StateOf } from './aggregate.ts';
import { cacheEntriesOf, type RepositoryOptions } from './command-options.ts';
import { encodeEvent } from './encode-event.ts';
import type { EncodedEvent, EventStore, StoredEvent } from './event-store.ts';
import { eventTypesByName } from './event-types-by-name.ts';
import type { AnyEventType, RecordedEvent } from './event.ts';
import { frozen } from './frozen.ts';
import type { Loaded } from './handle-command.ts';
import type { Abort, EventId, Metadata, StreamRef, StreamVersion } from './message.ts';
import { RecentlyUsed } from './recently-used.ts';
import { recordedEvent } from './recorded-event.ts';
import { type SeenState, streamKey } from './seen-state.ts';
import { StateSnapshots } from './state-snapshots.ts';
import { decodeStored } from './upcast.ts';
import { uuidV7 } from './uuid.ts';

/** What every repository has. */
export interface Common<A extends AnyAggregate> {
  /**
   * The state now. Absent streams give the initial state at version 0. `tenant`: by default that of the context, as for commands. The state of an aggregate with
   * snapshots, or of a repository with a cache, is frozen: it is the one that later commands go on from.
   */
  load(id: string, options?: { readonly tenant?: string; readonly signal?: Abort }): Promise<Loaded<StateOf<A>>>;
  /** The stream, upcast, in version order. `tenant` as for {@link load}. */
  history(
    id: string,
    options?: { readonly tenant?: string; readonly signal?: Abort },
  ): AsyncIterable<RecordedEvent & EventIn<A['events']>>;
  readonly aggregate: A;
}

/** An aggregate's way to its streams: decode, upcast, fold. */
export interface AggregateLoader<A extends AnyAggregate> {
  readonly aggregate: A;
  /** Its event types by the names they have in the log, former ones too. */
  readonly types: ReadonlyMap<string, AnyEventType>;
  load(stream: StreamRef, signal?: Abort): Promise<SeenState<StateOf<A>>>;
  /** A decided event, with an id of its own. @throws `LF_EVENT_FOREIGN`, `LF_EVENT_RETIRED`, `LF_EVENT_INVALID` */
  encode(event: EventIn<A['events']>, metadata: Metadata): EncodedEvent;
  /** Told that these events stand right after `seen` by now: goes on from there, for the cache and the next snapshot. Never throws. */
  appended(stream: StreamRef, seen: SeenState<StateOf<A>>, events: readonly EncodedEvent[]): void;
  history(stream: StreamRef, signal?: Abort): AsyncIterable<RecordedEvent & EventIn<A['events']>>;
}

/**
 * The loader of an aggregate over a store. A load goes on from a cached state, else from a snapshot, else from the beginning; the first two only after the stream
 * was seen to hold their last event where it was. Whatever it goes on from, it reads the stream's end, and folds the same events by the same code.
 */
export function aggregateLoader<A extends AnyAggregate>(
  aggregate: A,
  store: EventStore,
  options: Pick<RepositoryOptions, 'cache' | 'onSnapshotFault'> = {},
): AggregateLoader<A> {
  type Seen = SeenState<StateOf<A>>;
  const types = eventTypesByName(Object.values<AnyEventType>(aggregate.events as EventSet));
  const entries = cacheEntriesOf(options);
  const cache = entries === undefined ? undefined : new RecentlyUsed<Seen>(entries);
  const snapshots =
    aggregate.snapshot && store.snapshots
      ? new StateSnapshots<StateOf<A>>(aggregate.snapshot, store.snapshots, options.onSnapshotFault)
      : undefined;
  const keeps = cache !== undefined || snapshots !== undefined;

  const typeOf = (name: string): AnyEventType => {
    const type = types.get(name);
    if (type === undefined) throw foreign(aggregate.category, name);
    return type;
  };
  const evolved = (
    state: StateOf<A>,
    name: string,
    { schema, payload }: Pick<StoredEvent, 'schema' | 'payload'>,
  ): StateOf<A> => {
    const type = typeOf(name);
    const data = decodeStored(type, schema, payload) as object;
    return aggregate.evolve(state, { type: type.type, version: type.latest as number, data }) as StateOf<A>;
  };

  /** `undefined` when the stream does not hold the last event of `from` where it was. */
  const foldFrom = async (from: Seen, stream: StreamRef, signal?: Abort): Promise<Seen | undefined> => {
    let { state, version, lastEvent } = from;
    let isKnown = version === 0n;
    const after = isKnown ? version : ((version - 1n) as StreamVersion);
    // By page, not through `history`: one await an event would cost several times what decoding does.
    for await (const page of store.read(stream, { after, ...(signal && { signal }) })) {
      let last: StoredEvent | undefined;
      for (const stored of page) {
        if (isKnown) state = evolved(state, stored.type, stored);
        else if (stored.id !== lastEvent || stored.streamVersion !== version) return undefined;
        isKnown = true;
        last = stored;
      }
      if (last !== undefined) ({ id: lastEvent, streamVersion: version } = last);
    }
    if (!isKnown) return undefined;
    return {
      state: keeps ? frozen(state) : state,
      version,
      ...(lastEvent && { lastEvent }),
      fromSnapshot: from.fromSnapshot,
    };
  };
  const beginning = (): Seen => ({
    state: aggregate.initial() as StateOf<A>,
    version: 0n as StreamVersion,
    fromSnapshot: 0n as StreamVersion,
  });
  const keep = (key: string, seen: Seen): void => {
    if (seen.version > 0n) cache?.set(key, seen);
    else cache?.delete(key);
  };

  return {
    aggregate,
    types,
    load: async (stream, signal) => {
      const key = streamKey(stream);
      const known = cache?.get(key) ?? (await snapshots?.find(stream, signal));
      const seen = (known && (await foldFrom(known, stream, signal))) ?? (await foldFrom(beginning(), stream, signal));
      // The beginning is part of every stream.
      const { version } = seen as Seen;
      keep(key, seen as Seen);
      snapshots?.note(stream, version);
      return seen as Seen;
    },
    encode: (event, metadata) => encodeEvent(typeOf(event.type), event, uuidV7() as EventId, metadata),
    appended: (stream, seen, events) => {
      const last = events.at(-1);
      if (last === undefined) return;
      const version = (seen.version + BigInt(events.length)) as StreamVersion;
      const isDue = snapshots?.isDue(stream, seen, version) === true;
      try {
        if (cache !== undefined || isDue) {
          // Read back from their stored form, as the next load would: what the decision made of them shares nothing with what is kept.
          const state = events.reduce((before, event) => evolved(before, event.schema.type, event), seen.state);
          const next: Seen = { state: frozen(state), version, lastEvent: last.id, fromSnapshot: seen.fromSnapshot };
          keep(streamKey(stream), next);
          if (isDue) snapshots?.take(stream, next);
        }
        snapshots?.note(stream, version);
      } catch {
        // The events are recorded, so the command was carried out. The next load meets the same fault, and throws it.
      }
    },
    async *history(stream, signal) {
      for await (const page of store.read(stream, signal && { signal })) {
        for (const stored of page) {
          yield recordedEvent(aggregate.category, types, stored) as RecordedEvent & EventIn<A['events']>;
        }
      }
    },
  };
}

/** The reading half of every repository. */
export function readsOf<A extends AnyAggregate>(
  loader: AggregateLoader<A>,
  context: RepositoryOptions['context'],
): Common<A> {
  const { aggregate } = loader;
  const streamOf = (id: string, tenant = context?.('read').metadata?.tenant): StreamRef => aggregate.stream(id, tenant);
  return {
    aggregate,
    load: async (id, options = {}) => {
      const { state, version } = await loader.load(streamOf(id, options.tenant), options.signal);
      return { state, version };
    },
    history: (id, options = {}) => loader.history(streamOf(id, options.tenant), options.signal),
  };
}
