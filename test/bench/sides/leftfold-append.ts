import { randomUUID } from 'node:crypto';
import { KEEP_REPLY_MS, type NewReply } from '@leftfold/core';
import { benchPool } from '../bench-pool.ts';
import { postgres } from '@leftfold/postgres';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { Supply } from '../supply.ts';
import type { Side } from './side.ts';

/** How many appends are made in advance for each worker: more than it manages in a window. */
const PREPARED = { first: 8_000, further: 400 };

/** Enough for a window, without filling the memory: few workers are quick, many share one Postgres. */
export const preparedFor = (workers: number): number => PREPARED.first + PREPARED.further * workers;

/**
 * Leftfold: `store.append` of events that were encoded before, each to a new stream.
 * @param options `poolSize`: connections of its pool. Default: as many as there are writers, as the limit has them. `keyed`: each with an idempotency
 *   key, so that a reply is stored with the events
 */
export function leftfoldAppend(
  shape: AppendShape,
  options: { readonly poolSize?: number; readonly keyed?: boolean } = {},
): Side {
  return {
    name: 'Leftfold',
    queues: true,
    open: async (url, workers) => {
      const pool = benchPool(url, options.poolSize ?? workers);
      const { store } = postgres({ pool });
      const maker = new AppendMaker(shape);
      const supply = new Supply((nth) => maker.toNewStream(nth));
      supply.prepare(preparedFor(workers));
      return {
        work: async () => {
          const { kind } = await store.append([supply.take()], options.keyed === true ? { reply: newReply() } : {});
          if (kind !== 'appended') throw new Error(`an append to a new stream ended as ${kind}`);
          return shape.events;
        },
        close: () => pool.end(),
      };
    },
  };
}

const newReply = (): NewReply => ({
  tenant: '',
  key: `bench.note take ${randomUUID()}`,
  requestHash: REQUEST_HASH,
  reply: '{"result":null}',
  keepMs: KEEP_REPLY_MS,
});

/** As long as a SHA-256 in hexadecimal. */
const REQUEST_HASH = '0123456789abcdef'.repeat(4);
