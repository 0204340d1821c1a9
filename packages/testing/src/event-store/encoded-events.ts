import { streamRef, uuidV7 } from '@leftfold/core';
import type {
  EncodedEvent,
  EventId,
  EventStore,
  StoredEvent,
  StreamRef,
  StreamVersion,
  WriterSchema,
} from '@leftfold/core';

/** A stream that nobody has used before. Category and tenant as given; `conformance.thing` and none by default. */
export const newStream = (category = 'conformance.thing', tenant = ''): StreamRef =>
  streamRef(category, uuidV7(), tenant);

/** The schema of the events that {@link newEvent} makes. */
export const thingHappened: WriterSchema = {
  type: 'conformance.thing.happened',
  version: 1,
  fingerprint: '4c656674666f6c64',
  avro: {
    type: 'record',
    name: 'ThingHappened',
    namespace: 'conformance.thing',
    fields: [{ name: 'what', type: 'string' }],
  },
};

/** An event with an id of its own, ready for a store. */
export const newEvent = (differently: Partial<EncodedEvent> = {}): EncodedEvent => ({
  id: uuidV7() as EventId,
  schema: thingHappened,
  payload: '{"what":"it"}',
  private: false,
  metadata: { correlationId: uuidV7() },
  ...differently,
});

/** As many events, each with an id of its own. */
export const newEvents = (count: number, differently: Partial<EncodedEvent> = {}): readonly EncodedEvent[] =>
  Array.from({ length: count }, () => newEvent(differently));

/** All pages of a stream as one list. */
export async function readStream(store: EventStore, stream: StreamRef, after = 0n): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const page of store.read(stream, { after: after as StreamVersion })) events.push(...page);
  return events;
}
/** The ids of a stream's events, in the order read. */
export const readIds = async (store: EventStore, stream: StreamRef): Promise<readonly EventId[]> =>
  (await readStream(store, stream)).map(({ id }) => id);
