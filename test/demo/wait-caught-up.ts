import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Told } from './drive-orders.ts';

const LIMIT_MS = 60_000;

/**
 * Resolves when both read models have folded every event of the log.
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
           left join leftfold_order_summary_v2.order_summary o on s.stream_id = 'orders.order-' || o.order_id::text
          where o._stream_version is distinct from s.version`,
      );
      // Its rows know no versions; but each kind of event that it folds leaves a mark in one of its sums.
      const totals = await client.query<{ behind: number }>(
        `select (logged.orders <> shown.orders or logged.cancelled <> shown.cancelled or logged.paid_cents <> shown.paid_cents)::int as behind
           from (select count(*) filter (where s.type = 'orders.order.placed') as orders,
                        count(*) filter (where s.type = 'orders.order.cancelled') as cancelled,
                        coalesce(sum((e.payload -> 'amount' ->> 'cents')::bigint), 0) as paid_cents
                   from leftfold.events e join leftfold.schemas s on s.id = e.schema_id) as logged,
                (select coalesce(sum(orders), 0) as orders, coalesce(sum(cancelled), 0) as cancelled, coalesce(sum(paid_cents), 0) as paid_cents
                   from leftfold_customer_totals_v1.customer_totals) as shown`,
      );
      const behind = (rows[0]?.behind ?? 0) + (totals.rows[0]?.behind ?? 0);
      if (behind === 0) return;
      if (performance.now() > until) {
        throw new Error(
          `${rows[0]?.behind} of ${told.orders.size} orders are not in order_summary after ${LIMIT_MS / 1000} s, and customer_totals is ${totals.rows[0]?.behind === 0 ? 'complete' : 'behind'}`,
        );
      }
      await sleep(20);
    }
  } finally {
    await client.end();
  }
}
