import type { AnyEventType, StoredEvent, StreamVersion } from '@leftfold/core';
import { foldBatch, planFold, type FoldEvent } from '../folding/fold-batch.ts';
import type { FoldedProjection } from '../projection/projection.ts';
import { readEvent } from '../projection/read-event.ts';
import type { KeptRow, ModelTransaction, RowChange, RowKey } from '../read-models.ts';
import { logRecord } from '../record/log-record.ts';
import type { LogRecord } from '../source.ts';
import { refusing, refusingStatement } from './inline-refused.ts';

/** What an append's transaction does for its projections. */
export type InlineTransaction = Pick<ModelTransaction, 'read' | 'write'>;

/** Pages of a stream as this transaction sees it, after one version and up to another. */
export type StreamHistory = (
  of: Pick<StoredEvent, 'tenant' | 'stream' | 'category' | 'key'>,
  range: { readonly after: StreamVersion; readonly upTo: StreamVersion },
) => AsyncIterable<readonly StoredEvent[]>;

/** One projection, ready to be applied. */
export interface InlineFold {
  readonly projection: FoldedProjection;
  /** What it handles, by every name it has in the log. */
  readonly types: ReadonlyMap<string, AnyEventType>;
  /** Rows of one stream are fed by streams of one category. @throws `LF_PROJECTION_INVALID` */
  readonly check: (record: LogRecord) => void;
}

/** What is to be written once all projections of an append are folded. */
export interface InlineWrite {
  readonly projection: FoldedProjection;
  readonly changes: readonly RowChange[];
}

/**
 * Folds the events of an append over the rows of one projection, in the append's own transaction: one read, which locks. Answers what {@link writeInline} is to write.
 *
 * Rows of one stream may be behind, where the projection was followed before, or the stream was written by a process that does not know it: then what the stream holds above
 * the row's version is folded first, from the log. Whoever holds the stream's head sees all of it. So it does not matter who feeds such a row, or how often that changes.
 *
 * @throws `LF_INLINE_REFUSED` · `LF_NEWER_EVENT`: the transaction is to be rolled back
 */
export async function foldInline(
  fold: InlineFold,
  tx: InlineTransaction,
  appended: readonly LogRecord[],
  history: StreamHistory,
): Promise<InlineWrite> {
  const { projection } = fold;
  const events = refusing(projection, () => eventsOf(fold, appended));
  const plan = refusing(projection, () => planFold(projection, events));
  if (plan.keys.length === 0) return { projection, changes: [] };
  const found = await refusingStatement(projection, () => tx.read(projection.rowTable, plan.keys, { lock: true }));
  const kept =
    projection.order === 'stream' ? await caughtUp(fold, plan.keys, found, events, appended, history) : found;
  const isThere = new Map(plan.keys.map((key, at) => [nameOf(key), found[at]?.row !== null]));
  const changes = refusing(projection, () => foldBatch(plan, kept)).map((change): RowChange => {
    // What is in the table decides how it is written, not what was folded since.
    return { ...change, existed: isThere.get(nameOf(change)) ?? change.existed };
  });
  return { projection, changes };
}

/** Writes what was folded. @throws `LF_INLINE_REFUSED` · `LF_ROW_RACED`: the transaction is to be rolled back */
export async function writeInline({ projection, changes }: InlineWrite, tx: InlineTransaction): Promise<void> {
  if (changes.length > 0) await refusingStatement(projection, () => tx.write(projection.rowTable, changes));
}

/** A tenant holds no `/`. */
const nameOf = ({ tenant, key }: RowKey): string => `${tenant}/${key}`;

const eventsOf = ({ types, check }: InlineFold, records: readonly LogRecord[]): readonly FoldEvent[] =>
  records.flatMap((record) => {
    const on = types.get(record.type);
    if (on === undefined) return [];
    check(record);
    return [{ tenant: record.tenant, event: readEvent(on, record) }];
  });

/** The rows as they were before this append, each with all that its stream had held by then. */
async function caughtUp(
  fold: InlineFold,
  keys: readonly RowKey[],
  found: readonly KeptRow[],
  events: readonly FoldEvent[],
  appended: readonly LogRecord[],
  history: StreamHistory,
): Promise<readonly KeptRow[]> {
  const kept: KeptRow[] = [];
  for (const [at, { tenant, key }] of keys.entries()) {
    // Of one category, so of one stream.
    const of = events.find((one) => one.tenant === tenant && one.event.stream.key === key)?.event.stream.id;
    const first = appended.find((record) => record.tenant === tenant && record.stream === of);
    let row = found[at];
    if (first === undefined || row === undefined) throw new RangeError(`no event of this append is of row ${key}`);
    const before = (first.streamVersion - 1n) as StreamVersion;
    const missed =
      row.streamVersion < before ? history(first, { after: row.streamVersion as StreamVersion, upTo: before }) : [];
    for await (const page of missed) {
      const seen: KeptRow = row;
      row = refusing(fold.projection, () => foldedOver(fold, seen, page));
    }
    kept.push(row);
  }
  return kept;
}

function foldedOver(fold: InlineFold, kept: KeptRow, page: readonly StoredEvent[]): KeptRow {
  const plan = planFold(fold.projection, eventsOf(fold, page.map(logRecord)));
  const [changed] = plan.keys.length === 0 ? [] : foldBatch(plan, [kept]);
  return changed === undefined ? kept : { row: changed.row, streamVersion: changed.streamVersion };
}
