import type { StreamAppend, StreamVersion } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { Client } from 'pg';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { bareRow, captureAppend } from '../captured-append.ts';
import { HeldStreams, type HeldStream } from '../held-streams.ts';
import { storedKey } from '../stored-log.ts';
import { Supply } from '../supply.ts';
import type { Side } from './side.ts';

/** Which streams are there. */
export interface Existing {
  readonly streams: number;
  readonly version: number;
}

const PREPARED = 4_000;

/** Leftfold: `store.append` to existing streams with their exact versions. */
export function leftfoldExisting(shape: AppendShape, existing: Existing): Side {
  return {
    name: 'Leftfold',
    queues: true,
    open: (url, workers) => {
      const pool = benchPool(url, workers);
      const { store } = postgres({ pool });
      const held = new HeldStreams(shape.seed, existing.streams, existing.version);
      const supply = eventSupply(shape);
      return Promise.resolve({
        work: async () => {
          const stream = held.take();
          const { kind } = await store.append([{ ...to(stream), events: supply.take() }]);
          if (kind !== 'appended') throw new Error(`an append at the version that is known ended as ${kind}`);
          held.giveBack(stream, shape.events);
          return shape.events;
        },
        close: () => pool.end(),
      });
    },
  };
}

/** Limit L2: the very statement in a bare loop, to streams drawn in the same way. */
export function bareExisting(shape: AppendShape, existing: Existing): Side {
  return {
    name: 'L2',
    open: async (url, workers) => {
      const held = new HeldStreams(shape.seed, existing.streams, existing.version);
      const { name, text, values } = await learn(url, shape);
      const supply = eventSupply(shape);
      const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
      await Promise.all(clients.map((client) => client.connect()));
      return {
        work: async (worker) => {
          const stream = held.take();
          const row = bareRow({ ...to(stream), events: supply.take() });
          const result = await clients[worker]?.query({ name, text, values: values(row) });
          if (result?.rowCount !== 1) throw new Error('the bare append wrote nothing');
          held.giveBack(stream, shape.events);
          return shape.events;
        },
        close: async () => void (await Promise.all(clients.map((client) => client.end()))),
      };
    },
  };
}

/** Learns the statement on two streams of its own, which are made first. */
export async function learn(url: string, shape: AppendShape): ReturnType<typeof captureAppend> {
  const pool = benchPool(url, 2);
  const maker = new AppendMaker(shape);
  const { store } = postgres({ pool });
  const [first, second] = [noteStream('learn-1'), noteStream('learn-2')];
  await store.append([maker.to(first, 'absent')]);
  await store.append([maker.to(second, 'absent')]);
  await store.append([maker.to(second, 'present')]);
  const version = (times: number): StreamVersion => BigInt(shape.events * times) as StreamVersion;
  const captured = await captureAppend(pool, [maker.to(first, version(1)), maker.to(second, version(2))]);
  await pool.end();
  return captured;
}

const to = ({ nth, version }: HeldStream): Pick<StreamAppend, 'stream' | 'expect'> => ({
  stream: noteStream(storedKey(nth)),
  expect: version as StreamVersion,
});

function eventSupply(shape: AppendShape): Supply<StreamAppend['events']> {
  const maker = new AppendMaker(shape);
  const supply = new Supply(() => Array.from({ length: shape.events }, () => maker.event()));
  supply.prepare(Math.ceil(PREPARED / Math.sqrt(shape.events)));
  return supply;
}
