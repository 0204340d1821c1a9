import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Told } from './drive-orders.ts';

const LIMIT_MS = 60_000;

/**
 * Resolves when the read models show every order as its client was told, and every stream's last version.
 * @throws after a minute, naming what is behind
 */
export async function caughtUp(databaseUrl: string, told: Told): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const until = performance.now() + LIMIT_MS;
    for (;;) {
      // The last event of each order against the row: `_stream_version` is the version of the last event folded.
      const { rows } = await client.query<{ behind: number }>(
        `select count(*)::int as behind from leftfold.streams s
           left join leftfold_order_summary_v1.order_summary o on s.stream_id = 'orders.order-' || o.order_id::text
          where o._stream_version is distinct from s.version`,
      );
      const totals = await client.query<{ behind: number }>(
        `select (select count(*) from leftfold.events e join leftfold.schemas s on s.id = e.schema_id where s.type = 'orders.order.placed')::int
              - (select coalesce(sum(orders), 0) from leftfold_customer_totals_v1.customer_totals)::int as behind`,
      );
      const behind = (rows[0]?.behind ?? 0) + Math.abs(totals.rows[0]?.behind ?? 0);
      if (behind === 0) return;
      if (performance.now() > until) {
        throw new Error(
          `${behind} of ${told.orders.size} orders are not in the read models after ${LIMIT_MS / 1000} s`,
        );
      }
      await sleep(20);
    }
  } finally {
    await client.end();
  }
}
