import type { HeldStreams, Lane, Parked, ParkedKey, ParkedPlace, ParkedRequest } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { headOf, noteOf, parkedEventOf, requestOf } from './parked-rows.ts';
import type { HeadRow, NoteRow, ParkedRow, RequestRow } from './parked-rows.ts';
import { parkedStatements } from './parked-statements.ts';

/** {@link Parked} in the log's own schema, one statement each. What an owner writes is `parkedWriter`. */
export function postgresParked(database: Database): Parked {
  const statements = parkedStatements(database.schema);
  return {
    async keys({ follower, lane }) {
      const values = [follower.name, follower.version, lane];
      const rows = await database.query<ParkedKey & { readonly streams: string }>(statements.keys, values);
      return rows.map(({ tenant, key, streams }) => ({
        tenant,
        key,
        streams: JSON.parse(streams) as HeldStreams['streams'],
      }));
    },
    async requested({ follower, lane }, { limit }) {
      const values = [follower.name, follower.version, lane, limit];
      const rows = await database.query<ParkedKey & RequestRow>(statements.requested, values);
      return rows.map((row) => ({ tenant: row.tenant, key: row.key, request: requestOf(row) as ParkedRequest }));
    },
    async list({ follower, after, limit }) {
      const from = after ? pathOf(after) : [null, null, null, null, null];
      const values = [follower?.name ?? null, follower?.version ?? null, ...from, limit];
      return (await database.query<HeadRow>(statements.list, values)).map(headOf);
    },
    async count(follower) {
      const rows = await database.query<{ readonly lane: Lane; readonly keys: bigint }>(statements.count, [
        follower.name,
        follower.version,
      ]);
      return new Map(rows.map(({ lane, keys }) => [lane, Number(keys)]));
    },
    async events(at, { after = 0n, limit, bytes = null }) {
      const rows = await database.query<ParkedRow>(statements.events, [...pathOf(at), String(after), limit, bytes]);
      return rows.map(parkedEventOf);
    },
    async request(at, { kind, by, reason = null, first }) {
      const values = [...pathOf(at), kind, by, reason, first === undefined ? null : String(first)];
      return (await database.query(statements.request, values)).length > 0;
    },
    async edit(at, n, { payload, by, reason }) {
      const values = [...pathOf(at), String(n), JSON.stringify(payload), by, reason];
      return (await database.query(statements.edit, values)).length > 0;
    },
    async notes(follower, { limit }) {
      const rows = await database.query<NoteRow>(statements.notes, [follower.name, follower.version, limit]);
      return rows.map((row) => noteOf(follower, row));
    },
  };
}

const pathOf = ({ follower: { name, version }, lane, tenant, key }: ParkedPlace): readonly unknown[] => [
  name,
  version,
  lane,
  tenant,
  key,
];
