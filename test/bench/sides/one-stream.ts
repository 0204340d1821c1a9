import { repository, type StreamVersion } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { Client, type Pool } from 'pg';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { note, noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { bareRow, captureAppend } from '../captured-append.ts';
import { payloads } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Supply } from '../supply.ts';
import { preparedFor } from './leftfold-append.ts';
import type { Side } from './side.ts';

const HOT = 'hot';

/** Leftfold: writers of one stream that know its version from what they were last told, and try again on a conflict. */
export function contendedAppends(shape: AppendShape): Side {
  return {
    name: 'Leftfold',
    open: (url, workers) => {
      const pool = benchPool(url, workers);
      const { store } = postgres({ pool });
      const maker = new AppendMaker(shape);
      const supply = new Supply(() => maker.event());
      supply.prepare(preparedFor(1));
      const known = Array.from({ length: workers }, () => 0n as StreamVersion);
      const acknowledged: string[] = [];
      return Promise.resolve({
        work: async (worker) => {
          const event = supply.take();
          for (;;) {
            const expect = known[worker] ?? (0n as StreamVersion);
            const outcome = await store.append([{ stream: noteStream(HOT), expect, events: [event] }]);
            if (outcome.kind === 'appended') {
              known[worker] = outcome.versions[0] ?? expect;
              acknowledged.push(event.id);
              return 1;
            }
            if (outcome.kind !== 'conflict') throw new Error(`a contended append ended as ${outcome.kind}`);
            known[worker] = outcome.actual;
          }
        },
        lost: () => differences(pool, acknowledged.length, acknowledged),
        close: () => pool.end(),
      });
    },
  };
}

/**
 * Leftfold: whole commands on one stream, whose state is cached, so that a command reads what came since.
 * @param repositories each with a pool of its own, as processes have them; within one, commands queue up
 */
export function contendedCommands(shape: AppendShape, repositories: number): Side {
  return {
    name: 'Leftfold, commands',
    open: (url, workers) => {
      const pools = Array.from({ length: repositories }, () => benchPool(url, Math.ceil(workers / repositories)));
      const notes = pools.map((pool) =>
        repository(note, postgres({ pool }).store, { attempts: 20, cache: { entries: 1 } }),
      );
      const inputs = payloads(new SeededRandom(shape.seed), shape.payloadBytes);
      let next = 0;
      let acknowledged = 0;
      return Promise.resolve({
        work: async (worker) => {
          const input = inputs[next++ % inputs.length] ?? { noise: '', text: '' };
          await notes[worker % repositories]?.take(HOT, input);
          acknowledged += 1;
          return 1;
        },
        lost: () => differences(pools[0] as Pool, acknowledged, []),
        close: async () => void (await Promise.all(pools.map((pool) => pool.end()))),
      });
    },
  };
}

/** Limit L2 with one writer: the very statement, one after the other, on one stream whose version is known. */
export function uncontendedAppends(shape: AppendShape): Side {
  return {
    name: 'L2 with one writer',
    workers: 1,
    open: async (url) => {
      const pool = benchPool(url, 2);
      const maker = new AppendMaker(shape);
      const stream = noteStream(HOT);
      const { store } = postgres({ pool });
      await store.append([maker.to(stream, 'absent')]);
      const samples = [maker.to(stream, 1n as StreamVersion), maker.to(stream, 2n as StreamVersion)] as const;
      const other = { ...samples[1], stream: noteStream('other') };
      await store.append([maker.to(other.stream, 'absent')]);
      await store.append([maker.to(other.stream, 'any')]);
      const { name, text, values } = await captureAppend(pool, [samples[0], other]);
      await pool.end();
      const supply = new Supply(() => maker.event());
      supply.prepare(preparedFor(1));
      const client = new Client({ connectionString: url });
      await client.connect();
      let version = 2n;
      return {
        work: async () => {
          const row = bareRow({ stream, expect: version as StreamVersion, events: [supply.take()] });
          const { rowCount } = await client.query({ name, text, values: values(row) });
          if (rowCount !== 1) throw new Error('the bare append wrote nothing');
          version += 1n;
          return 1;
        },
        close: () => client.end(),
      };
    },
  };
}

/** How many events the stream has too many or too few, of those that were acknowledged. */
async function differences(pool: Pool, acknowledged: number, ids: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ readonly count: number; readonly highest: number; readonly missing: number }>(
    `select count(*)::int as count, coalesce(max(version), 0)::int as highest,
      (select count(*)::int from unnest($2::uuid[]) as a(id) where not exists (select from leftfold.events e where e.event_id = a.id)) as missing
    from leftfold.events where stream_id = $1`,
    [noteStream(HOT).id, ids],
  );
  const { count = 0, highest = 0, missing = 0 } = rows[0] ?? {};
  return Math.abs(count - acknowledged) + Math.abs(highest - count) + missing;
}
