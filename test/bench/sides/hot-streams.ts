import { postgres } from '@leftfold/postgres';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { SeededRandom } from '../seeded-random.ts';
import { storedKey } from '../stored-log.ts';
import { Supply } from '../supply.ts';
import { preparedFor } from './leftfold-append.ts';
import type { Side } from './side.ts';

/** Leftfold: `store.append` at any version, to the first `streams` of a stored log. */
export function leftfoldHot(shape: AppendShape, streams: number): Side {
  return {
    name: 'Leftfold',
    queues: true,
    open: (url, workers) => {
      const pool = benchPool(url, workers);
      const { store } = postgres({ pool });
      const maker = new AppendMaker(shape);
      const random = new SeededRandom(shape.seed);
      const supply = new Supply(() => maker.to(noteStream(storedKey(random.below(streams))), 'any'));
      supply.prepare(preparedFor(workers));
      return Promise.resolve({
        work: async () => {
          const { kind } = await store.append([supply.take()]);
          if (kind !== 'appended') throw new Error(`an append at any version ended as ${kind}`);
          return shape.events;
        },
        close: () => pool.end(),
      });
    },
  };
}
