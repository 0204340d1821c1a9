import type { ModelTransaction, OwnTables } from '../read-models.ts';
import type { FoldEvent } from '../folding/fold-batch.ts';
import type { AnyProjection } from './projection.ts';

/** A projection that writes with statements of its own, as the loop sees it. An adapter makes one: `sqlProjection` of `@leftfold/postgres`. */
export interface OwnProjection extends AnyProjection {
  readonly tables: OwnTables;
  /** How many streams of a batch are dealt with side by side, each in transactions of its own. 1: one after the other, in one transaction. */
  readonly concurrency: number;
  /** `'each'`: handlers are given events one by one, so that the clock can be looked at in between. `'all'`: some get all that there are at once. */
  readonly takes: 'each' | 'all';
  /**
   * Applies events, which come in the order of their streams, by statements in this transaction. Events of types that are not handled are left out. Rejects with what a handler
   * threw, or the database answered; then the caller rolls back, at least to where it stood before.
   */
  apply(tx: ModelTransaction, events: readonly FoldEvent[]): Promise<void>;
}
/** True when it writes with statements of its own. */
export const isOwn = (projection: AnyProjection): projection is OwnProjection => 'create' in projection.tables;
