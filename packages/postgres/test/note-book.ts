import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, EventStore, NewEvent, ReadToken } from '@leftfold/core';
import { readModels } from '@leftfold/postgres';
import { park, projection } from '@leftfold/subscriptions';
import type { Pool } from 'pg';

const noted = event('book.page.noted', { text: t.string() });
const torn = event('book.page.torn', {});

/** How many notes a page has, and the highest position among them. */
export const pages = projection('pages', {
  version: 1,
  key: 'id',
  row: { id: t.string(), notes: t.int(), position: t.long() },
}).upsert(noted, (row, { position, stream }) => ({ id: stream.key, notes: (row?.notes ?? 0) + 1, position }));

/** Does not take every note. */
export const picky = projection('picky', {
  version: 1,
  key: 'id',
  row: { id: t.string() },
  recovery: { live: park() },
}).upsert(noted, (_, { data, stream }) => {
  if (data.text === 'poison') throw new RangeError('will not');
  return { id: stream.key };
});

const encoded = (on: typeof noted | typeof torn, of: NewEvent) =>
  encodeEvent(on, of, uuidV7() as EventId, { correlationId: 'test' });

/** Notes something on pages, in one append. Answers its token. */
export async function note(store: EventStore, keys: readonly string[], text = 'x'): Promise<ReadToken> {
  const outcome = await store.append(
    keys.map((key) => ({
      stream: streamRef('book.page', key),
      expect: 'any',
      events: [encoded(noted, noted({ text }))],
    })),
  );
  if (outcome.kind !== 'appended') throw new Error(outcome.kind);
  return outcome.token;
}
/** Something that no projection here handles. */
export async function tear(store: EventStore, key: string): Promise<ReadToken> {
  const outcome = await store.append([
    { stream: streamRef('book.page', key), expect: 'any', events: [encoded(torn, torn({}))] },
  ]);
  if (outcome.kind !== 'appended') throw new Error(outcome.kind);
  return outcome.token;
}

/** The notes of each page, as queries see them. */
export async function notesOf(pool: Pool): Promise<ReadonlyMap<string, number>> {
  const rows = await readModels(pool, [pages]).selectFrom('pages').select(['id', 'notes']).execute();
  return new Map(rows.map(({ id, notes }) => [id, notes]));
}
