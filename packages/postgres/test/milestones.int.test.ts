import { milestonesConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { freshLog, type FreshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

const age = async ({ name }: { readonly name: string }, ms: number, { pool }: FreshLog = log): Promise<void> =>
  void (await pool.query(`update leftfold.milestones set at = at - $2 * interval '1 millisecond' where follower = $1`, [
    name,
    ms,
  ]));

describe('milestones on Postgres', () => {
  for (const { title, run } of milestonesConformance({ storage: () => log.storage, age })) test(title, run);
});
