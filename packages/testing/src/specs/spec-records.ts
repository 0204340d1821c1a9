import { eventTypesByName, issuesText, resolvePayload, streamRef, uuidV7 } from '@leftfold/core';
import type { Envelope, EventId, LogPosition, NewEvent, StreamVersion } from '@leftfold/core';
import { isFolded, RecordUndecodable } from '@leftfold/subscriptions';
import type { AnyProjection, AnyReaction, SourceRecord } from '@leftfold/subscriptions';
import { fail } from './expect-equal.ts';
import { givenEvent } from './given-event.ts';
import type { GivenEvent } from './given-event.ts';

/** Events of one stream, said so by {@link inStream}. */
export interface EventsOfStream<out E extends NewEvent> {
  readonly streamKey: string;
  readonly events: readonly E[];
}

/** Says whose events these are, where the field `<entity>Id` does not: `given(inStream('order-1', placed, paid))`. @param key of the stream, e.g. the order id. */
export const inStream = <const E extends NewEvent>(key: string, ...events: readonly E[]): EventsOfStream<E> => ({
  streamKey: key,
  events,
});

/**
 * Given events as a source hands them over. They are recorded a second apart from 1970-01-01T00:00:00Z on, in the order given, and their positions are
 * 1, 2, 3 …; both stay with the event in every permutation.
 * @throws `AssertionError` for an event that the handler does not handle, that does not fit its schema, or whose stream cannot be told
 */
export function specRecords(
  handler: AnyProjection | AnyReaction,
  given: readonly (NewEvent | EventsOfStream<NewEvent>)[],
): readonly SourceRecord[] {
  const types = eventTypesByName(handler.handles);
  const versions = new Map<string, number>();
  return given
    .flatMap((one): readonly { readonly key?: string; readonly event: NewEvent }[] =>
      'streamKey' in one ? one.events.map((event) => ({ key: one.streamKey, event })) : [{ event: one }],
    )
    .map(({ key, event }, index) => {
      const stored = givenEvent(types, event);
      // Under whichever name it was written: its stream is that of the type as it is called now.
      const { category, entity } = partsOf(stored.type.type);
      const stream = streamRef(category, key ?? keyOf(handler, entity, stored));
      const version = (versions.get(stream.id) ?? 0) + 1;
      versions.set(stream.id, version);
      const envelope: Envelope = {
        id: uuidV7() as EventId,
        type: event.type,
        version: event.version,
        tenant: '',
        stream: stream.id,
        category,
        key: stream.key,
        streamVersion: BigInt(version) as StreamVersion,
        position: BigInt(index + 1) as LogPosition,
        recordedAt: new Date(index * 1000),
        metadata: { correlationId: 'spec' },
      };
      return {
        ...envelope,
        keep: () => ({ envelope, raw: null }),
        decode: (reader) => {
          const decoded = resolvePayload(reader, stored.writer, stored.payload);
          if ('value' in decoded) return decoded.value;
          throw new RecordUndecodable(`${event.type}: ${issuesText(decoded.issues)}`);
        },
      };
    });
}

/** `orders.order.placed` happened to an `order` of the category `orders.order`. */
function partsOf(type: string): { readonly category: string; readonly entity: string } {
  const segments = type.split('.').slice(0, -1);
  return { category: segments.join('.'), entity: segments.at(-1) ?? '' };
}

function keyOf(handler: AnyProjection | AnyReaction, entity: string, { latest }: GivenEvent): string {
  const data = latest.data as Readonly<Record<string, unknown>>;
  const isRowOfStream = 'tables' in handler && isFolded(handler) && handler.order === 'stream';
  const candidates = [`${camelCase(entity)}Id`, ...(isRowOfStream ? [camelCase(handler.rowTable.key)] : [])];
  const found = candidates.map((field) => data[field]).find((value) => typeof value === 'string' && value !== '');
  if (typeof found === 'string') return found;
  return fail(
    `given ${latest.type}: it has no field ${candidates.join(' or ')} that tells its stream; say given(inStream('…', event))`,
  );
}

const camelCase = (words: string): string =>
  words.replaceAll(/[-_]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
