import { encodeEvent, event, streamRef, t, uuidV7, type EventId, type EventStore, type NewEvent } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { follow, projection, type AnyProjection } from '@leftfold/subscriptions';
import type { Pool } from 'pg';
import { poolerOptions } from './fresh-log.ts';

const listed = event('ops.thing.listed', { what: t.string() });
const removed = event('ops.thing.removed', {});

/** Each row of one stream, and deleted at times: so there is a side table, too. */
export const thingList = (version: number) =>
  projection('thing-list', { version, key: 'id', row: { id: t.string(), what: t.string() }, indexes: [['what']] })
    .insert(listed, ({ data, stream }) => ({ id: stream.key, what: data.what }))
    .delete(removed);

/** Rows that many streams feed. */
export const thingCounts = projection('thing-counts', {
  version: 1,
  key: 'what',
  row: { what: t.string(), times: t.int() },
  order: 'any',
}).upsert(listed, { by: 'what' }, (row, { data: { what } }) => ({ what, times: (row?.times ?? 0) + 1 }));

/** Lists a thing, in a stream of its own. */
export async function listThing(
  store: EventStore,
  key: string,
  what: string,
  options: { readonly removes?: boolean; readonly tenant?: string } = {},
): Promise<void> {
  const encoded = (type: typeof listed | typeof removed, of: NewEvent) =>
    encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'test' });
  const events = [
    encoded(listed, listed({ what })),
    ...(options.removes === true ? [encoded(removed, removed({}))] : []),
  ];
  await store.append([{ stream: streamRef('ops.thing', key, options.tenant), expect: 'absent', events }]);
}

/** Brings these projections up to the end of the log, one after the other, and stops them. @param schema of the log. */
export async function project(pool: Pool, projections: readonly AnyProjection[], schema = 'leftfold'): Promise<void> {
  const storage = postgres({ ...poolerOptions, pool, schema });
  for (const each of projections) {
    const running = await follow(each, { from: storage.log, storage });
    await running.caughtUp();
    await running.stop();
  }
}
