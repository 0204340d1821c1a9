import { arrayParameter } from '../column-types.ts';
import type { Database } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';

/** Whether the log holds any event of these types. Reads all of it where it was told of such types and none came; asked once in a projection's life. */
export async function holdsEvents(db: Database, types: readonly string[]): Promise<boolean> {
  const schema = quoted(db.schema);
  const schemas = await db.query<{ readonly id: string }>(
    unprepared(`select id::text from ${schema}.schemas where type = any ($1::text[])`),
    [arrayParameter(types)],
  );
  if (schemas.length === 0) return false;
  const [answer] = await db.query<{ readonly held: string }>(
    unhurried(`select exists (select from ${schema}.events where schema_id = any ($1::int[]))::text as held`),
    [arrayParameter(schemas.map(({ id }) => id))],
  );
  return answer?.held === 'true';
}
