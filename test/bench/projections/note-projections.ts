import { t } from '@leftfold/core';
import { projection, type AnyProjection } from '@leftfold/subscriptions';
import { noted, notedAs } from '../bench-aggregate.ts';

/** How many rows all streams share, where they are hot. */
export const HOT_ROWS = 100;

/** A row for each stream, that knows its last text and how many there were. */
export const notes: AnyProjection = projection('notes', {
  version: 1,
  key: 'note_id',
  row: { note_id: t.string(), notes: t.int(), last_text: t.string(), noted_at: t.timestampMillis() },
}).upsert(noted, (row, { data, stream, recordedAt }) => ({
  note_id: stream.key,
  notes: (row?.notes ?? 0) + 1,
  last_text: data.text.slice(0, 64),
  noted_at: recordedAt,
}));

const hotRow = { bucket: t.string(), notes: t.int(), last_text: t.string(), noted_at: t.timestampMillis() };
type HotRow = { readonly bucket: string; readonly notes: number; readonly last_text: string; readonly noted_at: Date };
type HotEvent = {
  readonly stream: { readonly key: string };
  readonly data: { readonly text: string };
  readonly recordedAt: Date;
};

/** The row of a stream, where they are hot: streams are named `stored-<n>`. */
export const hotKey = ({ stream }: { readonly stream: { readonly key: string } }): string =>
  `bucket-${Number(stream.key.slice('stored-'.length)) % HOT_ROWS}`;
const hotFold = (row: HotRow | undefined, event: HotEvent): HotRow => ({
  bucket: hotKey(event),
  notes: (row?.notes ?? 0) + 1,
  last_text: event.data.text.slice(0, 64),
  noted_at: event.recordedAt,
});
function hot<const Name extends string>(name: Name, type: typeof noted) {
  return projection(name, { version: 1, key: 'bucket', row: hotRow, order: 'any' }).upsert(
    type,
    { by: hotKey },
    hotFold,
  );
}

/** The same in a few rows that all streams feed. */
export const hotNotes: AnyProjection = hot('hot-notes', noted);

/** As many projections as there are types: each looks at one, and all streams feed its rows. */
export const ofEachType = (types: number): readonly AnyProjection[] =>
  Array.from({ length: types }, (_, nth) => hot(`notes-of-${nth}`, notedAs(nth)));
/** As many projections of the same events. */
export const ofAll = (count: number): readonly AnyProjection[] =>
  Array.from({ length: count }, (_, nth) => hot(`notes-again-${nth}`, noted));
/** One that looks at all types. */
export function ofAllTypes(types: number): AnyProjection {
  const [, ...others] = Array.from({ length: types }, (_, nth) => notedAs(nth));
  let made = hot('notes-of-all', noted);
  for (const type of others) made = made.upsert(type, { by: hotKey }, hotFold);
  return made;
}
