import { createDatabase } from '@leftfold/infra';
import { applyMigrations, postgres } from '@leftfold/postgres';
import { projectionSpec } from '@leftfold/testing';
import { Pool } from 'pg';
import { inject, onTestFinished, test } from 'vitest';
import { seatTaken } from '../docs/guide/events.ts';
import { seatsByDay } from '../docs/guide/seats-by-day.ts';

const courseId = '01910000-0000-7000-8000-00000000000a';
const seat = (member: number) => seatTaken({ courseId, memberId: `01910000-0000-7000-8000-00000000000${member}` });

test('the guide’s own SQL counts each seat once, through crashes between any two steps', async () => {
  const pool = new Pool({ connectionString: await createDatabase(inject('postgresUrl')) });
  onTestFinished(() => pool.end());
  await applyMigrations(pool);
  await projectionSpec(seatsByDay, { on: postgres({ pool }) })
    .given(seat(1), seat(2), seat(3))
    .permuted()
    .thenRows((db) => db.selectFrom('seats_by_day').selectAll().execute(), [{ day: new Date(0), taken: 3 }]);
});
