import { randomUUID } from 'node:crypto';
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { Client } from 'pg';
import type { Drain } from '../relays/drain.ts';
import { hotKey } from './note-projections.ts';

/** What a bare loop makes of an event. */
interface BareNote {
  readonly stream: string;
  readonly text: string;
}
/** Hands over events in batches, parsed, until there were so many; the next batch when the one before is written. */
export type BareFeed = (events: number, write: (batch: readonly BareNote[]) => Promise<void>) => Promise<void>;
/** Which row an event belongs to. */
type BareShape = 'one row per stream' | 'hot rows';

const BATCH = 500;
const PREFIX = 'bench.note-';

/**
 * The bare write of L7 after the same events were read and parsed: per batch one `insert … select from unnest(…) on conflict do update` of the rows that its events have become, that adds up what it finds.
 * No row is read or locked before, no place is saved, nothing is checked, upcast or frozen; an event that comes twice counts twice.
 */
export function bareCatchUp(url: string, shape: BareShape, feed: BareFeed): Drain {
  const keyOf = shape === 'hot rows' ? (key: string) => hotKey({ stream: { key } }) : (key: string) => key;
  return {
    name: 'read, parse, L7',
    drain: async (events, progress) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(TABLE);
      let done = 0;
      await feed(events, async (batch) => {
        const rows = new Map<string, { count: number; text: string }>();
        for (const { stream, text } of batch) {
          const key = keyOf(stream);
          const row = rows.get(key);
          if (row === undefined) rows.set(key, { count: 1, text });
          else [row.count, row.text] = [row.count + 1, text];
        }
        const all = [...rows.values()];
        const values = [
          [...rows.keys()],
          all.map(({ count }) => count),
          all.map(({ text }) => text.slice(0, 64)),
          all.map(() => NOTED_AT),
          all.map(() => done),
        ];
        await client.query({ name: 'bench_add', text: ADD, values });
        done += batch.length;
        progress(batch.length);
      });
      await client.end();
      return done;
    },
  };
}

/** The log in pages by position, as nobody may read it who must not miss an event that is committed late. */
export function bareLogFeed(url: string): BareFeed {
  return async (events, write) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    const page = async (after: string) =>
      (await client.query<LogRow>({ name: 'bench_page', text: PAGE, values: [after, BATCH] })).rows;
    let next = page('0');
    for (let done = 0; done < events;) {
      const rows = await next;
      const last = rows.at(-1);
      if (last === undefined) throw new Error(`the bare loop read ${done} of ${events} events`);
      next = page(last.position);
      await write(rows.map(({ key, payload, metadata }) => noteOf(key, payload, metadata)));
      done += rows.length;
    }
    await next;
    await client.end();
  };
}

/** A consumer of its own group, that commits nothing. */
export function bareTopicFeed(client: 'kafkajs' | 'platformatic', brokers: readonly string[], topic: string): BareFeed {
  return client === 'kafkajs' ? kafkajsFeed(brokers, topic) : platformaticFeed(brokers, topic);
}

function kafkajsFeed(brokers: readonly string[], topic: string): BareFeed {
  return async (events, write) => {
    const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const all = Promise.withResolvers<void>();
    let done = 0;
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages } }) => {
        await write(
          messages.map(({ headers, value }) =>
            noteOf(keyIn(headers?.['ce_subject']), String(value), String(headers?.['lf'])),
          ),
        );
        if ((done += messages.length) >= events) all.resolve();
      },
    });
    await all.promise;
    await consumer.disconnect();
  };
}

function platformaticFeed(brokers: readonly string[], topic: string): BareFeed {
  return async (events, write) => {
    const consumer = new Consumer({
      clientId: 'bench',
      groupId: `bench-${randomUUID()}`,
      bootstrapBrokers: [...brokers],
      deserializers: stringDeserializers,
    });
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
    let done = 0;
    let batch: BareNote[] = [];
    for await (const { headers, value } of stream) {
      batch.push(noteOf(keyIn(headers.get('ce_subject')), value, headers.get('lf') ?? ''));
      if (batch.length < BATCH && done + batch.length < events) continue;
      await write(batch);
      if ((done += batch.length) >= events) break;
      batch = [];
    }
    await consumer.close(true);
  };
}

const keyIn = (subject: unknown): string => String(subject).slice(PREFIX.length);

function noteOf(stream: string, payload: string, metadata: string): BareNote {
  if (JSON.parse(metadata) === undefined) throw new Error('metadata are nothing');
  return { stream, text: (JSON.parse(payload) as { readonly text: string }).text };
}

interface LogRow {
  readonly position: string;
  readonly key: string;
  readonly payload: string;
  readonly metadata: string;
}
const PAGE = `select position, substr(stream_id, ${PREFIX.length + 1}) as key, payload::text, metadata::text from leftfold.events
where position > $1 order by position limit $2`;

const NOTED_AT = new Date(1_763_800_000_000).toISOString();
const TABLE = `drop table if exists bench_sums;
create table bench_sums (
  tenant text not null default '',
  note_id text not null,
  notes integer not null,
  last_text text not null,
  noted_at timestamp(3) with time zone not null,
  stream_version bigint not null,
  primary key (tenant, note_id)
) with (fillfactor = 80)`;
const ADD = `insert into bench_sums as n (note_id, notes, last_text, noted_at, stream_version)
select * from unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::int8[])
on conflict (tenant, note_id) do update
   set notes = n.notes + excluded.notes, last_text = excluded.last_text, noted_at = excluded.noted_at, stream_version = excluded.stream_version`;
