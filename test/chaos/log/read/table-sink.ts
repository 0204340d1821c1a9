import { createHash } from 'node:crypto';
import { streamRef, type EventId } from '@leftfold/core';
import type { Cursor, LogRecord } from '@leftfold/subscriptions';
import type { Client } from 'pg';
import { eventName } from '../write/names.ts';
import type { Writer } from '../write/writer.ts';
import type { Sink } from './reader.ts';

/** One event in so many of a stream is answered with a reaction. */
const REACTS_TO = 4n;

/**
 * Tables in the log's database: what was got, the place after it, and what was appended in answer to it are one transaction. The place is moved from
 * where this reader believes it, since the transaction of one that was killed may still commit.
 */
export function tableSink(name: string, writer: Writer): Sink {
  const { recorder } = writer.scene;
  return {
    place: async () => {
      const client = await writer.connection();
      try {
        await client.query(`insert into places values ($1, 'start') on conflict do nothing`, [name]);
        const { rows } = await client.query<{ readonly place: Cursor | 'start' }>(
          'select place from places where reader = $1',
          [name],
        );
        return rows[0]?.place ?? 'start';
      } catch (error) {
        await writer.disconnect();
        throw error;
      }
    },
    save: async (batch, records, saved) => {
      const batchLine = JSON.stringify({ lane: batch.lane, pinned: batch.at, to: batch.to, records });
      const isCommitted = await writer.transaction(async (client, append, tx) => {
        await move(client, name, saved, batch.to);
        await client.query('insert into seen (reader, batch) values ($1, $2)', [name, batchLine]);
        for (const record of batch.records.filter(isAnswered)) {
          const id = reactionTo(record);
          recorder.add({ op: 'owed', for: eventName(record.tenant, record.id), id });
          const event = { ...writer.event(), id, payload: JSON.stringify({ what: id }) };
          const stream = streamRef('chaos.reaction', `to-${Number(record.position % 3n)}`);
          const outcome = await append({ appends: [{ stream, expect: 'any', events: [event] }] });
          if (outcome?.kind !== 'appended') throw new Error(`no reaction in ${tx}`);
        }
      });
      if (!isCommitted) throw new Error('nobody knows whether the place was saved');
    },
  };
}

async function move(client: Client, name: string, from: string, to: string): Promise<void> {
  const moved = await client.query('update places set place = $3 where reader = $1 and place = $2', [name, from, to]);
  if (moved.rowCount !== 1) throw new Error('another one has moved this place');
}

const isAnswered = ({ category, streamVersion }: LogRecord): boolean =>
  category === 'chaos.thing' && streamVersion % REACTS_TO === 0n;

/** The same for the same event, so that a reaction that is sent again is known. */
function reactionTo({ tenant, id }: LogRecord): EventId {
  const hash = createHash('sha256').update(eventName(tenant, id)).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-7${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}` as EventId;
}
