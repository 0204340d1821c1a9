import { repository } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { Client } from 'pg';
import { note, noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { captureRead } from '../captured-read.ts';
import { storedKey, type StoredLog } from '../stored-log.ts';
import type { Side } from './side.ts';

/** Leftfold: `load` of the repository, one stored stream after the other; without snapshots or cache. */
export function leftfoldLoads(log: StoredLog): Side {
  return {
    name: 'Leftfold',
    open: (url, workers) => {
      const pool = benchPool(url, workers);
      const notes = repository(note, postgres({ pool }).store);
      let next = 0;
      return Promise.resolve({
        work: async () => {
          const { state } = await notes.load(storedKey(next++ % log.streams));
          // Growth adds to some of them.
          if (state.count < log.eventsEach) throw new Error(`a stream had ${state.count} events`);
          return state.count;
        },
        close: () => pool.end(),
      });
    },
  };
}

/** Limit L5: the same SELECT in a bare loop, plus `JSON.parse`. */
export function bareReads(log: StoredLog): Side {
  return {
    name: 'L5',
    open: async (url, workers) => {
      const pool = benchPool(url, 2);
      const read = await captureRead(pool, noteStream(storedKey(0)));
      await pool.end();
      const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
      await Promise.all(clients.map((client) => client.connect()));
      let next = 0;
      return {
        work: async (worker) => {
          const events = await read(clients[worker] as Client, noteStream(storedKey(next++ % log.streams)).id);
          if (events !== log.eventsEach) throw new Error(`a stream had ${events} events`);
          return events;
        },
        close: async () => void (await Promise.all(clients.map((client) => client.end()))),
      };
    },
  };
}
