import type { AnyAggregate, EventIn, EventSet, StateOf } from './aggregate.ts';
import type { RepositoryOptions } from './command-options.ts';
import type { EventStore } from './event-store.ts';
import type { AnyEventType, RecordedEvent } from './event.ts';
import type { Loaded } from './handle-command.ts';
import type { Abort, StreamRef, StreamVersion } from './message.ts';
import { recordedEvent } from './recorded-event.ts';

/** What every repository has. */
export interface Common<A extends AnyAggregate> {
  /** The state now. Absent streams give the initial state at version 0. `tenant`: by default that of the context, as for commands. */
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
  /** Its event types by wire name. */
  readonly types: ReadonlyMap<string, AnyEventType>;
  load(stream: StreamRef, signal?: Abort): Promise<Loaded<StateOf<A>>>;
  history(stream: StreamRef, signal?: Abort): AsyncIterable<RecordedEvent & EventIn<A['events']>>;
}

/** The loader of an aggregate over a store. */
export function aggregateLoader<A extends AnyAggregate>(aggregate: A, store: EventStore): AggregateLoader<A> {
  const types = new Map(Object.values<AnyEventType>(aggregate.events as EventSet).map((type) => [type.type, type]));

  async function* history(stream: StreamRef, signal?: Abort): AsyncIterable<RecordedEvent & EventIn<A['events']>> {
    for await (const page of store.read(stream, signal && { signal })) {
      for (const stored of page) {
        yield recordedEvent(aggregate.category, types, stored) as RecordedEvent & EventIn<A['events']>;
      }
    }
  }

  return {
    aggregate,
    types,
    history,
    load: async (stream, signal) => {
      let state = aggregate.initial() as StateOf<A>;
      let version = 0n as StreamVersion;
      // By page, not through `history`: one await an event would cost several times what decoding does.
      for await (const page of store.read(stream, signal && { signal })) {
        for (const stored of page) {
          state = aggregate.evolve(state, recordedEvent(aggregate.category, types, stored) as never) as StateOf<A>;
          version = stored.streamVersion;
        }
      }
      return { state, version };
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
    load: async (id, options = {}) => loader.load(streamOf(id, options.tenant), options.signal),
    history: (id, options = {}) => loader.history(streamOf(id, options.tenant), options.signal),
  };
}
