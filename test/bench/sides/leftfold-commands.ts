import { randomUUID } from 'node:crypto';
import { repository } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import type { AppendShape } from '../append-shape.ts';
import { note } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { payloads } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { Side } from './side.ts';

/**
 * Leftfold: the whole command through the repository, each on a new stream: reading it, deciding, encoding, appending.
 * @param keyed with an idempotency key, hence a stored reply
 */
export function leftfoldCommands(shape: AppendShape, { keyed }: { readonly keyed: boolean }): Side {
  return {
    name: keyed ? 'Leftfold, commands with keys' : 'Leftfold, commands',
    open: (url, workers) => {
      const pool = benchPool(url, workers);
      const notes = repository(note, postgres({ pool }).store);
      const random = new SeededRandom(shape.seed);
      const inputs = payloads(random, shape.payloadBytes);
      const run = random.letters(8);
      let next = 0;
      return Promise.resolve({
        work: async () => {
          const nth = next++;
          const input = inputs[nth % inputs.length] ?? { noise: '', text: '' };
          await notes.take(`${run}-${nth}`, input, keyed ? { idempotencyKey: randomUUID() } : {});
          return 1;
        },
        close: () => pool.end(),
      });
    },
  };
}
