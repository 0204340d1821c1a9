import { inlineConformance } from '@leftfold/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

describe('projections inside appends on Postgres', () => {
  for (const { title, run } of inlineConformance({ storage: (inline) => log.open({ inline }) })) test(title, run);
});
