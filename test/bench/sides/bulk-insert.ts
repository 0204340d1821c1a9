import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { bareRow, type BareRow } from '../captured-append.ts';
import { Supply } from '../supply.ts';
import { EVENT_COLUMNS } from './plain-insert.ts';
import type { Side } from './side.ts';

const PREPARED = 400;
const UNNEST = {
  name: 'unnest_insert',
  text: `insert into leftfold.events (${EVENT_COLUMNS})
select e.nth, e.id, $1, 1, '', $2, 'bench.note', 'bench.note', e.payload, e.metadata
from unnest($3::uuid[], $4::json[], $5::json[]) with ordinality as e(id, payload, metadata, nth)`,
};

/** Limit L3: a batch of events into the very table with its indexes, without a stream's head, by one INSERT … SELECT unnest. */
export function unnestInsert(shape: AppendShape): Side {
  return bulk('L3', shape, async (client, { hash, streamId, ids, payloads, metadata }) => {
    await client.query({ ...UNNEST, values: [hash, streamId, ids, payloads, metadata] });
  });
}

/** Limit L3, the other way: by COPY. */
export function copyInsert(shape: AppendShape): Side {
  return bulk('L3 COPY', shape, async (client, row) => {
    const stream = client.query(copyFrom(`copy leftfold.events (${EVENT_COLUMNS}) from stdin`));
    await pipeline(Readable.from([copyText(row)]), stream);
  });
}

function bulk(name: string, shape: AppendShape, write: (client: Client, row: BareRow) => Promise<void>): Side {
  return {
    name,
    open: async (url, workers) => {
      const maker = new AppendMaker(shape);
      const supply = new Supply((nth) => bareRow(maker.toNewStream(nth)));
      supply.prepare(PREPARED);
      const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
      await Promise.all(clients.map((client) => client.connect()));
      return {
        work: async (worker) => {
          await write(clients[worker] as Client, supply.take());
          return shape.events;
        },
        close: async () => void (await Promise.all(clients.map((client) => client.end()))),
      };
    },
  };
}

/** Rows in the text format of COPY. */
function copyText({ hash, streamId, ids, payloads, metadata }: BareRow): string {
  const escaped = (text = ''): string => text.replaceAll('\\', '\\\\');
  return ids
    .map((id, nth) =>
      [
        nth + 1,
        id,
        hash,
        1,
        '',
        streamId,
        'bench.note',
        'bench.note',
        escaped(payloads[nth]),
        escaped(metadata[nth]),
      ].join('\t'),
    )
    .map((line) => `${line}\n`)
    .join('');
}
