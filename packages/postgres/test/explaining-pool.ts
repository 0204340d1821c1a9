import type { PgClient, PgPool, PgQuery } from '@leftfold/postgres';
import type { Pool, QueryConfig } from 'pg';

/** What a statement of the log cost. */
export interface Cost {
  /** As `log_poll`. */
  readonly statement: string;
  /** Pages of the buffer pool that it looked at. */
  readonly buffers: number;
  /** Rows that its scans of the table looked at, handed on or not. */
  readonly rows: number;
}
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

/** A pool that asks Postgres, after each statement that reads the log, what it costs: as it was prepared, with the plan that was chosen, with these parameters. */
export function explainingPool(pool: Pool, costs: Cost[]): PgPool {
  return {
    async connect() {
      const client = await pool.connect();
      const explaining: PgClient = {
        async query(query: PgQuery) {
          const result = await client.query(query as QueryConfig);
          const [, statement] = /^leftfold_(log_\w+)_[0-9a-f]+$/.exec(query.name ?? '') ?? [];
          if (statement !== undefined) {
            const parameters = (query.values ?? []).map((value) =>
              value === null ? 'null' : client.escapeLiteral(String(value as string | number | bigint | boolean)),
            );
            const explain = `explain (analyze, buffers, timing off, format json) execute ${query.name}(${parameters.join(', ')})`;
            const plan = (await client.query(explain)).rows[0]['QUERY PLAN'][0].Plan as PlanNode;
            costs.push({
              statement,
              buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
              rows: rowsOf(plan),
            });
          }
          return result;
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
      return explaining;
    },
  };
}

function rowsOf(node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, plan) => sum + rowsOf(plan), 0);
  if (node['Relation Name'] !== 'events') return below;
  const each =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return below + Math.round(each * node['Actual Loops']);
}
