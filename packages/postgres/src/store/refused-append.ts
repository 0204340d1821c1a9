import { alreadyAppended, checkCategory, isMet } from '@leftfold/core';
import type { AppendOutcome, StreamAppend, StreamId, StreamVersion } from '@leftfold/core';
import { readToken } from '@leftfold/subscriptions';
import { isDatabaseError, type DatabaseError } from '../driver-fault.ts';
import type { AppendCall } from './appends.ts';
import { REFUSED } from './group-statement.ts';
import type { PreparedAppend } from './prepare-append.ts';
import type { Standing } from './standing.ts';
import { eventIdReused } from './store-errors.ts';

/** What an append met, as its statement tells it. More may be in the way. */
export type Refusal =
  | { readonly what: 'streams' | 'replies' }
  /** `which`: index of the key in the call. */
  | { readonly what: 'keys'; readonly which: number; readonly by: StreamId }
  | { readonly what: 'ids'; readonly cause: DatabaseError };

/** The refusal that an error of an append stands for; any other error is thrown on. */
export function refusalOf(error: unknown): Refusal {
  if (!isDatabaseError(error)) throw error;
  if (error.code === '23505' && error.constraint === 'events_event_id') return { what: 'ids', cause: error };
  if (error.code !== REFUSED) throw error;
  if (error.table === 'keys') {
    return { what: 'keys', which: Number(error.column) - 1, by: (error.detail ?? '') as StreamId };
  }
  return { what: error.table === 'replies' ? 'replies' : 'streams' };
}

/**
 * The outcome of an append that wrote nothing, in the order of the port: what was answered before, what stands in the log already, then versions, then unique
 * keys. Read after the fact, so a stream may stand further by now. `undefined`: nothing is in the way any more, so it is to be sent again.
 * @throws {@link InputInvalid} `LF_EVENT_ID_REUSED` · `LF_STREAM_CATEGORY`
 */
export function outcomeOfRefused(
  call: AppendCall,
  { frame }: PreparedAppend,
  standing: Standing,
  refusal: Refusal,
): AppendOutcome | undefined {
  if (standing.reply !== undefined) return { kind: 'replied', ...standing.reply };
  const already = outcomeOfSame(call, { frame }, standing);
  if (already !== undefined) return already;
  const inTheWay = call.written.filter(({ stream, expect }) => !isMet(expect, versionOf(standing, stream)));
  // One that has gone beyond what was expected never comes back there: the surest of answers first.
  const [conflict] = [
    ...inTheWay.filter((append) => isBeyond(append, versionOf(standing, append.stream))),
    ...inTheWay,
  ];
  if (conflict !== undefined) {
    return { kind: 'conflict', stream: conflict.stream.id, actual: versionOf(standing, conflict.stream) };
  }
  const key = refusal.what === 'keys' ? call.keys[refusal.which]?.key : undefined;
  if (refusal.what === 'keys' && key !== undefined) return { kind: 'taken', key, by: refusal.by };
  // Somebody's commit that this transaction's snapshot does not show.
  if (refusal.what === 'ids') throw eventIdReused(refusal.cause);
  return undefined;
}

/**
 * The outcome of an append whose events stand in the log already.
 * @throws {@link InputInvalid} `LF_EVENT_ID_REUSED` · `LF_STREAM_CATEGORY`
 */
export function outcomeOfSame(
  { written }: AppendCall,
  { frame }: Pick<PreparedAppend, 'frame'>,
  standing: Standing,
): AppendOutcome | undefined {
  for (const { stream } of written) {
    checkCategory(stream, standing.head(stream)?.category ?? stream.category);
  }
  const versions = alreadyAppended(written, (tenant, id) => standing.place(tenant, id));
  if (versions === undefined) return undefined;
  return { kind: 'appended', versions, token: readToken(frame, standing.xid), already: true };
}

/** Whether an outcome holds whatever becomes of another sending of the same call that may still be on its way. See decision 0012. */
export function isFinal({ written }: AppendCall, outcome: AppendOutcome): boolean {
  if (outcome.kind === 'taken') return false;
  if (outcome.kind !== 'conflict') return true;
  const { stream, actual } = outcome;
  // Two tenants may have streams of one id.
  return written.filter(({ stream: { id } }) => id === stream).every((append) => isBeyond(append, actual));
}

const versionOf = (standing: Standing, stream: StreamAppend['stream']): StreamVersion =>
  standing.head(stream)?.version ?? (0n as StreamVersion);

const isBeyond = ({ expect }: StreamAppend, actual: StreamVersion): boolean =>
  expect === 'absent' ? actual > 0n : typeof expect === 'bigint' && actual > expect;
