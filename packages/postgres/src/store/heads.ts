import type { AppendOutcome, Expectation, StreamAppend, StreamVersion } from '@leftfold/core';
import { arrayParameter } from '../column-types.ts';
import type { Session } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';
import { foreignCategory } from './store-errors.ts';

interface HeadRow {
  readonly tenant: string;
  readonly stream_id: string;
  readonly category: string;
  readonly version: bigint;
}

/** Where streams stand. $1 tenants · $2 stream ids */
export function headsStatement(schema: string): Statement {
  return prepared(
    'heads',
    `select tenant, stream_id, category, version from ${schema}.streams
where (tenant, stream_id) in (select * from unnest($1::text[], $2::text[]))`,
  );
}

/**
 * Why an append was refused: read after the fact, so a stream may stand further by now.
 * @param refused index of the stream that was in the way, if known. @throws `LF_STREAM_CATEGORY`
 */
export async function conflictOf(
  session: Session,
  heads: Statement,
  appends: readonly StreamAppend[],
  refused: number = 0,
): Promise<AppendOutcome> {
  const rows = await session.query<HeadRow>(heads, [
    arrayParameter(appends.map(({ stream }) => stream.tenant)),
    arrayParameter(appends.map(({ stream }) => stream.id)),
  ]);
  const headOf = ({ stream }: StreamAppend): HeadRow | undefined =>
    rows.find((row) => row.tenant === stream.tenant && row.stream_id === stream.id);
  for (const append of appends) {
    const category = headOf(append)?.category;
    if (category !== undefined && category !== append.stream.category) throw foreignCategory(append.stream, category);
  }
  const versionOf = (append: StreamAppend): StreamVersion => (headOf(append)?.version ?? 0n) as StreamVersion;
  const conflicting = appends.find((append) => !holds(append.expect, versionOf(append))) ?? appends[refused];
  if (conflicting === undefined) throw new RangeError(`stream ${refused} of ${appends.length}`);
  return { kind: 'conflict', stream: conflicting.stream.id, actual: versionOf(conflicting) };
}

function holds(expect: Expectation, actual: StreamVersion): boolean {
  if (expect === 'any') return true;
  if (expect === 'absent') return actual === 0n;
  if (expect === 'present') return actual > 0n;
  return actual === expect;
}
