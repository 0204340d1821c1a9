import type { ReadToken, ReplyKey, StoredReply, StreamVersion } from '@leftfold/core';
import type { Session } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';

/** Columns of a stored reply, all of them text. */
export const REPLY_COLUMNS = 'r.request_hash, r.reply::text, r.versions::text, r.token';

/** A row of {@link REPLY_COLUMNS}. */
export interface ReplyRow {
  readonly request_hash: string;
  readonly reply: string;
  readonly versions: string;
  readonly token: string;
}

/** A reply that has not expired. $1 tenant · $2 key */
export function replyStatement(schema: string): Statement {
  return prepared(
    'reply',
    `select ${REPLY_COLUMNS} from ${schema}.replies r
where r.tenant = $1 and r.key = $2 and r.expires_at > clock_timestamp()`,
  );
}

/** The answer stored under a key, if there is one. */
export async function findReply(
  session: Session,
  statement: Statement,
  key: ReplyKey,
): Promise<StoredReply | undefined> {
  const [row] = await session.query<ReplyRow>(statement, [key.tenant, key.key]);
  return row && storedReply(row);
}

/** The answer of a row. */
export function storedReply({ request_hash, reply, versions, token }: ReplyRow): StoredReply {
  return { requestHash: request_hash, reply, versions: versionsIn(versions), token: token as ReadToken };
}

/** The versions of an `int8[]` as text. */
export function versionsIn(text: string): readonly StreamVersion[] {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',').map((version) => BigInt(version) as StreamVersion);
}
