import type { LogPosition, StoredEvent, StreamAppend, StreamVersion } from '@leftfold/core';
import { planByKey } from '../read-models/transaction-settings.ts';
import { hashOf } from '../store/append-values.ts';
import { metadataOf, metadataText } from '../store/event-row.ts';
import { instant } from '../store/read-stream.ts';

/** What an append's statement answers where projections are applied with it: of each event its tenant, stream, version, position and time. */
export const PLACED = 'returning tenant, stream_id, version, position, recorded_at';
/** In whose transaction an append stands that projections are applied with. In one of ours what comes after it is planned by key alone ({@link planByKey}); in a caller's nothing is set. */
export type Placed = 'ours' | 'theirs';
/** The same as one column of JSON, in which no number is rounded, from the rows of `written`. */
export const placesText = (placed: Placed): string => `(
  select coalesce(json_agg(json_build_array(w.tenant, w.stream_id, w.version::text, w.position::text, extract(epoch from w.recorded_at)::text)), '[]')::text from written as w
) as places${placed === 'ours' ? `, ${planByKey} as planned` : ''}`;

type Place = readonly [tenant: string, stream: string, version: string, position: string, recordedAt: string];

/** The events of an append as they stand in the log now, of each stream in order: just as whoever reads them there gets them. */
export function placedEvents(
  written: readonly StreamAppend[],
  places: string,
  topic: (category: string) => string | null,
): readonly StoredEvent[] {
  const ofStream = Map.groupBy(JSON.parse(places) as readonly Place[], ([tenant, stream]) => `${tenant}/${stream}`);
  return written.flatMap((append): readonly StoredEvent[] => {
    const { stream, events } = append;
    const placed = (ofStream.get(`${stream.tenant}/${stream.id}`) ?? []).toSorted((a, b) =>
      BigInt(a[2]) < BigInt(b[2]) ? -1 : 1,
    );
    const hash = hashOf(append);
    return events.map((event, n) => {
      const [, , version = '', position = '', recordedAt = ''] = placed[n] ?? [];
      return {
        id: event.id,
        type: event.schema.type,
        version: event.schema.version,
        tenant: stream.tenant,
        stream: stream.id,
        category: stream.category,
        key: stream.key,
        streamVersion: BigInt(version) as StreamVersion,
        position: BigInt(position) as LogPosition,
        recordedAt: instant(recordedAt),
        // By way of its text, so that a fold sees what it would see later.
        metadata: metadataOf(metadataText(event.metadata)),
        payload: event.payload,
        schema: event.schema,
        topic: event.private ? null : topic(stream.category),
        hash,
      };
    });
  });
}
