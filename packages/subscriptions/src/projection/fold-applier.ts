import type { Applier } from './applier.ts';
import type { DealtEvent } from './dealt-event.ts';
import { foldBatch, planFold } from './fold-batch.ts';
import type { FoldedProjection } from './projection.ts';
import { rowKeys } from './row-keys.ts';
import type { RowHandler } from './row-handler.ts';

/** SQLSTATE classes of a write whose statement is well and whose data is not: data exceptions, constraints, limits (of an index's row), what a trigger raises. */
const OF_DATA = /^(22|23|54|P0)...$/;

/** Rows that are folded: one read, the fold, one write. What a fold throws is found before anything is written, so it costs no other event anything. */
export function foldApplier(projection: FoldedProjection): Applier {
  const { rowTable: table, order } = projection;
  const routed = new WeakMap<DealtEvent, readonly string[] | undefined>();
  /** `undefined`: the route is at fault. */
  const keysOf = (event: DealtEvent): readonly string[] | undefined => {
    if (!routed.has(event)) routed.set(event, route(projection, event));
    return routed.get(event);
  };
  return {
    rowsOf: (event) => (order === 'any' ? (keysOf(event) ?? []).map((key) => `row/${key}`) : []),
    concerns: (event) => keysOf(event)?.length !== 0,
    apply: async (tx, events, gate) => {
      const plan = planFold(projection, events, true);
      // Rows of one stream are locked, too: while a projection is moved to another source, both may feed it for a moment.
      const rows = plan.keys.length > 0 ? await tx.read(table, plan.keys, { lock: true }) : [];
      const changes = foldBatch(plan, rows, {
        admits: (event) => gate.admits(event as DealtEvent),
        failed: (event, fault) => gate.failed(event as DealtEvent, fault),
      });
      if (changes.length > 0) await tx.write(table, changes);
    },
    isRefusal: (error) => {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      return typeof code === 'string' && OF_DATA.test(code);
    },
  };
}

function route(projection: FoldedProjection, event: DealtEvent): readonly string[] | undefined {
  if (event.fault !== undefined) return undefined;
  const handler = projection.handlers.get(event.on.type) as RowHandler;
  try {
    return rowKeys(handler, event.event);
  } catch {
    return undefined;
  }
}
