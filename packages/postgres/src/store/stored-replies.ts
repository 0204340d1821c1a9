import type { ReadToken, ReplyKey, StoredReply, StreamVersion } from '@leftfold/core';
import type { Session } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';

interface ReplyRow {
  readonly request_hash: string;
  readonly reply: string;
  readonly versions: readonly bigint[];
  readonly token: string;
}

/** A reply that has not expired. $1 tenant · $2 key */
export function replyStatement(schema: string): Statement {
  return prepared(
    'reply',
    `select request_hash, reply, versions, token from ${schema}.replies
where tenant = $1 and key = $2 and expires_at > clock_timestamp()`,
  );
}

/** The answer stored under a key, if there is one. */
export async function findReply(
  session: Session,
  statement: Statement,
  key: ReplyKey,
): Promise<StoredReply | undefined> {
  const [row] = await session.query<ReplyRow>(statement, [key.tenant, key.key]);
  if (row === undefined) return undefined;
  return {
    requestHash: row.request_hash,
    reply: row.reply,
    versions: row.versions as readonly StreamVersion[],
    token: row.token as ReadToken,
  };
}
