import type { Statement } from '../statement.ts';
import type { Placed } from '../inline/placed-events.ts';
import { appendStatement, type HeadExpectation } from './append-statements.ts';
import { groupStatement, type GroupParts } from './group-statement.ts';
import { readStatement } from './read-stream.ts';
import { sharedAppendStatement } from './shared-append-statement.ts';
import { standingStatement } from './standing.ts';
import { replyStatement } from './stored-replies.ts';

/** The statements of one log's store, made once. */
export interface StoreStatements {
  readonly append: { readonly [expectation in HeadExpectation]: Statement };
  /** The same, saying where each event stands. */
  readonly appendPlaced: { readonly [placed in Placed]: StoreStatements['append'] };
  readonly group: (parts: GroupParts) => Statement;
  readonly shared: Statement;
  readonly sharedWithReplies: Statement;
  readonly standing: Statement;
  readonly read: { readonly forwards: Statement; readonly backwards: Statement };
  readonly reply: Statement;
}

/** @param schema quoted name of the Postgres schema. @param lockTimeoutMs how long an append waits for a lock. */
export function storeStatements(schema: string, lockTimeoutMs: number): StoreStatements {
  const groups = new Map<string, Statement>();
  const append = (placed?: Placed): StoreStatements['append'] => ({
    exact: appendStatement(schema, 'exact', lockTimeoutMs, placed),
    absent: appendStatement(schema, 'absent', lockTimeoutMs, placed),
    present: appendStatement(schema, 'present', lockTimeoutMs, placed),
    any: appendStatement(schema, 'any', lockTimeoutMs, placed),
  });
  return {
    append: append(),
    appendPlaced: { ours: append('ours'), theirs: append('theirs') },
    group: (parts) => {
      const name = `${parts.reply} ${parts.keys} ${parts.placed}`;
      const made = groups.get(name) ?? groupStatement(schema, parts, lockTimeoutMs);
      groups.set(name, made);
      return made;
    },
    shared: sharedAppendStatement(schema, { replies: false, lockTimeoutMs }),
    sharedWithReplies: sharedAppendStatement(schema, { replies: true, lockTimeoutMs }),
    standing: standingStatement(schema),
    read: { forwards: readStatement(schema, 'forwards'), backwards: readStatement(schema, 'backwards') },
    reply: replyStatement(schema),
  };
}
