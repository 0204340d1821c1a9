import type { Applier } from '../dealing/applier.ts';
import type { DealtEvent } from '../dealing/dealt-event.ts';
import { foldBatch, planFold, type FoldEvent } from './fold-batch.ts';
import type { FoldedProjection } from '../projection/projection.ts';
import { rowKeys } from './row-keys.ts';
import type { RowHandler } from '../projection/row-handler.ts';

/** SQLSTATE classes of a write whose statement is well and whose data is not: data exceptions, constraints, limits (of an index's row), what a trigger raises. */
const OF_DATA = /^(22|23|54|P0)...$/;

/** Rows that are folded: one read, the fold, one write. What a fold throws is found before anything is written, so it costs no other event anything. */
export function foldApplier(projection: FoldedProjection): Applier {
  const { rowTable: table, order } = projection;
  /** `undefined`: the route is at fault. */
  const keysOf = (event: DealtEvent): readonly string[] | undefined => {
    if (event.routed === undefined) event.routed = route(projection, event) ?? null;
    return event.routed ?? undefined;
  };
  return {
    rowsOf: (event) => (order === 'any' ? (keysOf(event) ?? []).map((key) => `row/${key}`) : []),
    concerns: (event) => keysOf(event)?.length !== 0,
    apply: async (tx, events, gate, allowance) => {
      const plan = planFold(projection, events, true);
      // Rows of one stream are locked, too: while a projection is moved to another source, both may feed it for a moment.
      const rows = plan.keys.length > 0 ? await tx.read(table, plan.keys, { lock: true }) : [];
      // Its own time alone: what the rows took to come would cut a batch at its first event where a server is slow.
      allowance.begin();
      const first = plan.steps[0]?.of;
      let left: FoldEvent | undefined;
      const changes = foldBatch(plan, rows, {
        goesOn: (event) => {
          if (event === first || !allowance.isSpent) return true;
          left = event;
          return false;
        },
        admits: (event) => gate.admits(event as DealtEvent),
        failed: (event, fault) => gate.failed(event as DealtEvent, fault),
      });
      if (changes.length > 0) await tx.write(table, changes);
      return left === undefined ? events.length : events.indexOf(left as DealtEvent);
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
