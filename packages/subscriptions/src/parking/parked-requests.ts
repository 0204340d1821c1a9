import { isDeepStrictEqual } from 'node:util';
import {
  encodePayload,
  eventTypesByName,
  InputInvalid,
  issuesText,
  LeftfoldError,
  t,
  versionsOf,
} from '@leftfold/core';
import type { AnyEventType, Json } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';
import { decodeEdited } from './edited-record.ts';
import type { ParkedEvent, ParkedHead, ParkedPlace } from '../parked.ts';
import { readEvent } from '../projection/read-event.ts';
import { restoreParked } from './restore-parked.ts';
import type { Source } from '../source.ts';
import type { Storage } from '../storage.ts';

/** Most characters of a name or a reason. */
const MOST = 200;
const PAGE = 100;
const CONTROL = /\p{Cc}/u;

/** An event by which somebody can be asked to do something about it. */
export interface ParkedAt extends ParkedPlace {
  readonly n: bigint;
}

/** Nothing was requested: the key is not parked (any more), or the event is not there, or is not the first. `LF_NOT_PARKED` */
export class NotParked extends LeftfoldError {
  readonly code = 'LF_NOT_PARKED' as const;
  readonly retryable = false as const;

  constructor({ follower, lane, tenant, key, n }: ParkedPlace & { readonly n?: bigint }) {
    const of = `${tenant === '' ? '' : `${tenant}, `}${key} of ${follower.name} version ${follower.version}, lane ${lane}`;
    const what =
      n === undefined
        ? `nothing of ${of} is parked`
        : `event ${n} of ${of} is not parked, has not come, or is not first`;
    super(`${what}; list what is parked and ask again`);
  }
}

/** All keys that are parked, of one follower or of all, page by page: each with its first event, why it cannot be applied, and how many wait behind it. */
export async function* parkedKeys(
  storage: Pick<Storage, 'parked'>,
  { follower }: { readonly follower?: FollowerId } = {},
): AsyncGenerator<ParkedHead, void, void> {
  for (let after: ParkedHead | undefined; ;) {
    const page = await storage.parked.list({ limit: PAGE, ...(follower && { follower }), ...(after && { after }) });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** All events that are kept of a key, in the order in which they will be applied. */
export async function* parkedEvents(
  storage: Pick<Storage, 'parked'>,
  at: ParkedPlace,
): AsyncGenerator<ParkedEvent, void, void> {
  for (let after: bigint | undefined; ;) {
    const page = await storage.parked.events(at, { limit: PAGE, ...(after !== undefined && { after }) });
    yield* page;
    after = page.at(-1)?.n;
    if (page.length < PAGE) return;
  }
}

/**
 * The payload of a parked event as it would be applied now, in its JSON form and of the latest version of its type: what {@link editParked} takes. May hold personal data.
 * @throws what decoding it throws, or restoring it: `LF_RECORD_UNDECODABLE`, `LF_RECORD_GONE`, … · {@link NotParked} `LF_NOT_PARKED` where it has not come
 */
export async function parkedPayload(
  at: ParkedAt,
  event: ParkedEvent,
  { source, type }: { readonly source: Source; readonly type: AnyEventType },
): Promise<Json> {
  const { events, fault } = await restoreParked(source, [event], typeOf(event, type), new AbortController().signal);
  if (fault !== undefined) throw fault as Error;
  const [restored] = events;
  if (restored?.record === undefined) throw new NotParked(at);
  return t.toJson(versionsOf(type).at(-1)?.schema as t.AnySchema, readEvent(type, restored.record).data) as Json;
}

/**
 * Asks the lane's owner to apply what is parked of a key, in order, also what comes meanwhile. Resolves when that is noted, durably; the owner does it within about a second, or when
 * one runs again. Where the first event fails once more, all of it stays parked: `attempts` and `cause` say so. To be called in any process, and again.
 * @throws {@link NotParked} `LF_NOT_PARKED` · {@link InputInvalid} `LF_PARKED_REQUEST_INVALID` for a name of nobody
 */
export async function retryParked(
  storage: Pick<Storage, 'parked'>,
  at: ParkedPlace,
  { by }: { readonly by: string },
): Promise<void> {
  checkText('by', by);
  if (!(await storage.parked.request(placeOf(at), { kind: 'retry', by }))) throw new NotParked(placeOf(at));
}

/** {@link retryParked} for all keys of a follower, as after a release that mends their cause. Answers how many were asked for. @throws as that does, but for keys that are live meanwhile */
export async function retryAllParked(
  storage: Pick<Storage, 'parked'>,
  follower: FollowerId,
  { by }: { readonly by: string },
): Promise<number> {
  checkText('by', by);
  let keys = 0;
  for await (const head of parkedKeys(storage, { follower }))
    if (await storage.parked.request(placeOf(head), { kind: 'retry', by })) keys += 1;
  return keys;
}

/**
 * Asks the lane's owner to leave out the first event of a key for ever, and to apply those behind it. A note of it, with the reason, is kept ({@link Storage.parked}, `notes`). `n` names the
 * event, so that nobody discards another one than he has looked at. Otherwise as {@link retryParked}.
 * @throws {@link NotParked} `LF_NOT_PARKED` · {@link InputInvalid} `LF_PARKED_REQUEST_INVALID` for an empty or long reason
 */
export async function discardParked(
  storage: Pick<Storage, 'parked'>,
  at: ParkedAt,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  checkText('by', by);
  checkText('reason', reason);
  if (!(await storage.parked.request(placeOf(at), { kind: 'discard', by, reason, first: at.n })))
    throw new NotParked(at);
}

/**
 * Puts another payload in place of a parked event's own, for this follower alone: the log keeps what it has. Takes effect with the next {@link retryParked}; a note of it is kept when it is applied.
 * A rebuild reads the log, and meets the event as it is there.
 * @param payload in JSON form, of the latest version of the type; checked against its schema
 * @throws {@link InputInvalid} `LF_PARKED_EDIT_INVALID` where it does not fit, with the fields and why, or the event is of another type · `LF_PARKED_REQUEST_INVALID`
 * @throws {@link NotParked} `LF_NOT_PARKED`
 */
export async function editParked(
  storage: Pick<Storage, 'parked'>,
  at: ParkedAt,
  {
    type,
    payload,
    by,
    reason,
  }: { readonly type: AnyEventType; readonly payload: Json; readonly by: string; readonly reason: string },
): Promise<void> {
  checkText('by', by);
  checkText('reason', reason);
  const [event] = await storage.parked.events(placeOf(at), { after: at.n - 1n, limit: 1 });
  if (event?.n !== at.n) throw new NotParked(at);
  if (typeOf(event, type).size === 0)
    throw new InputInvalid(
      'LF_PARKED_EDIT_INVALID',
      `it is a ${event.envelope.type}, not a ${type.type}; name its type`,
    );
  const wrong = whatIsWrong(type, payload);
  if (wrong !== undefined) throw new InputInvalid('LF_PARKED_EDIT_INVALID', `${wrong}; nothing was changed`);
  if (!(await storage.parked.edit(placeOf(at), at.n, { payload, by, reason }))) throw new NotParked(at);
}

/** Stricter than a reader of old events: who mends a payload means every field that he writes, and forgets none. */
function whatIsWrong(type: AnyEventType, payload: Json): string | undefined {
  const schema = versionsOf(type).at(-1)?.schema as t.AnySchema;
  let value: unknown;
  try {
    value = decodeEdited(type, payload);
  } catch (error) {
    return (error as { readonly what?: string }).what ?? String(error);
  }
  const written = encodePayload(schema, value);
  if ('issues' in written) return issuesText(written.issues);
  if (isDeepStrictEqual(JSON.parse(written.text), payload)) return undefined;
  return `it is not the JSON form of ${type.type}, version ${type.latest}: write every field, no other, each in its form as parkedPayload gives it`;
}

/** The type, if the event is one of it, under whichever of its names. */
function typeOf({ envelope }: ParkedEvent, type: AnyEventType): ReadonlyMap<string, AnyEventType> {
  const byName = eventTypesByName([type]);
  return byName.has(envelope.type) ? byName : new Map();
}
const placeOf = ({ follower, lane, tenant, key }: ParkedPlace): ParkedPlace => ({
  follower: { name: follower.name, version: follower.version },
  lane,
  tenant,
  key,
});

/** @throws {@link InputInvalid} `LF_PARKED_REQUEST_INVALID` for what is no name and no reason */
export function checkText(member: string, text: string): void {
  if (text.trim() !== '' && text.length <= MOST && !CONTROL.test(text) && text.isWellFormed()) return;
  throw new InputInvalid(
    'LF_PARKED_REQUEST_INVALID',
    `${member} must be text of 1 to ${MOST} characters without control characters; it is kept`,
  );
}
