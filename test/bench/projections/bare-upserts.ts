import { Client } from 'pg';
import type { Drain } from '../relays/drain.ts';

/** What one batch of a catch-up writes. */
export interface BareRows {
  /** Events of a batch. */
  readonly events: number;
  /** Rows that they become. */
  readonly rows: number;
  /** Rows there are in all: batches take turns in them. */
  readonly of: number;
}

/**
 * Limit L7: one `insert … select from unnest(…) on conflict do update` a batch, each a transaction of its own, prepared, into a table with the columns of ours; nothing is read,
 * decoded, folded or noted.
 */
export function bareUpserts(url: string, { events: each, rows, of }: BareRows): Drain {
  return {
    name: 'L7',
    drain: async (events, progress) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(TABLE);
      let done = 0;
      for (let batch = 0; done < events; batch++) {
        const keys = Array.from({ length: rows }, (_, nth) => `stored-${(batch * rows + nth) % of}`);
        await client.query({
          name: 'bench_upsert',
          text: UPSERT,
          values: [
            keys,
            keys.map(() => batch + 1),
            keys.map((key) => `${key} was noted in batch ${batch}, which is some sixty letters long`.slice(0, 64)),
            keys.map(() => NOTED_AT),
            keys.map(() => batch + 1),
          ],
        });
        done += each;
        progress(each);
      }
      await client.end();
      return done;
    },
  };
}

const NOTED_AT = new Date(1_763_800_000_000).toISOString();

const TABLE = `drop table if exists bench_notes;
create table bench_notes (
  tenant text not null default '',
  note_id text not null,
  notes integer not null,
  last_text text not null,
  noted_at timestamp(3) with time zone not null,
  stream_version bigint not null,
  primary key (tenant, note_id)
) with (fillfactor = 80)`;

const UPSERT = `insert into bench_notes as n (note_id, notes, last_text, noted_at, stream_version)
select * from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::int8[])
on conflict (tenant, note_id) do update
   set notes = excluded.notes, last_text = excluded.last_text, noted_at = excluded.noted_at, stream_version = excluded.stream_version`;
