import type { Statement } from '../statement.ts';
import { appendStatement, type HeadExpectation } from './append-statements.ts';
import { groupStatement } from './group-statement.ts';
import { headsStatement } from './heads.ts';
import { readStatement } from './read-stream.ts';
import { replyStatement } from './stored-replies.ts';

/** The statements of one log's store, made once. */
export interface StoreStatements {
  readonly append: { readonly [expectation in HeadExpectation]: Statement };
  readonly group: Statement;
  readonly groupWithReply: Statement;
  readonly heads: Statement;
  readonly read: Statement;
  readonly reply: Statement;
}

/** @param schema quoted name of the Postgres schema. */
export function storeStatements(schema: string): StoreStatements {
  return {
    append: {
      exact: appendStatement(schema, 'exact'),
      absent: appendStatement(schema, 'absent'),
      present: appendStatement(schema, 'present'),
      any: appendStatement(schema, 'any'),
    },
    group: groupStatement(schema, { reply: false }),
    groupWithReply: groupStatement(schema, { reply: true }),
    heads: headsStatement(schema),
    read: readStatement(schema),
    reply: replyStatement(schema),
  };
}
