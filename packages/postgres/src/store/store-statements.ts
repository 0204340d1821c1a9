import type { Statement } from '../statement.ts';
import { appendStatement, type HeadExpectation } from './append-statements.ts';
import { groupStatement, type GroupParts } from './group-statement.ts';
import { readStatement } from './read-stream.ts';
import { sharedAppendStatement } from './shared-append-statement.ts';
import { standingStatement } from './standing.ts';
import { replyStatement } from './stored-replies.ts';

/** The statements of one log's store, made once. */
export interface StoreStatements {
  readonly append: { readonly [expectation in HeadExpectation]: Statement };
  readonly group: (parts: GroupParts) => Statement;
  readonly shared: Statement;
  readonly sharedWithReplies: Statement;
  readonly standing: Statement;
  readonly read: { readonly forwards: Statement; readonly backwards: Statement };
  readonly reply: Statement;
}

/** @param schema quoted name of the Postgres schema. @param lockTimeoutMs how long an append waits for a lock. */
export function storeStatements(schema: string, lockTimeoutMs: number): StoreStatements {
  const group = (reply: boolean, keys: boolean): Statement => groupStatement(schema, { reply, keys }, lockTimeoutMs);
  const withoutReply = [group(false, false), group(false, true)] as const;
  const withReply = [group(true, false), group(true, true)] as const;
  return {
    append: {
      exact: appendStatement(schema, 'exact', lockTimeoutMs),
      absent: appendStatement(schema, 'absent', lockTimeoutMs),
      present: appendStatement(schema, 'present', lockTimeoutMs),
      any: appendStatement(schema, 'any', lockTimeoutMs),
    },
    group: ({ reply, keys }) => (reply ? withReply : withoutReply)[keys ? 1 : 0],
    shared: sharedAppendStatement(schema, { replies: false, lockTimeoutMs }),
    sharedWithReplies: sharedAppendStatement(schema, { replies: true, lockTimeoutMs }),
    standing: standingStatement(schema),
    read: { forwards: readStatement(schema, 'forwards'), backwards: readStatement(schema, 'backwards') },
    reply: replyStatement(schema),
  };
}
