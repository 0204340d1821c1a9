import { InputInvalid, NOTHING_WRITTEN, type ReadToken } from '@leftfold/core';
import type { LogIdentity } from '../storage.ts';

/** Where events of one stream are published; private ones are not, but are somewhere in the log as all others. */
export interface WrittenPlace {
  readonly topic: string | null;
  /** Of the stream: whoever knows the number of lanes, or of partitions, finds its own. */
  readonly hash: number;
}
/** What a token says of one transaction. */
export interface WrittenTransaction {
  readonly log: string;
  /** The log's generation when it was written; 0: not said. In another one transaction ids mean something else. */
  readonly generation: number;
  readonly transaction: bigint;
  readonly places: readonly WrittenPlace[];
}
/** All that a token stands for. */
export interface TokenContent {
  readonly transactions: readonly WrittenTransaction[];
  /** The ids of logs of which everything is meant that stands in them when the token is looked at. */
  readonly whole: readonly string[];
}

/** The text of a token around the transaction id, which only the database knows, in the statement that writes. */
export interface TokenFrame {
  readonly before: string;
  readonly after: string;
}

/**
 * What a token says beside the transaction id. Form: `lf1.<log id>.<transaction id>.<base64url of [[topic, hash], …]>.<generation>`, without any character that
 * a URL would escape; several are joined by `~`. What was written without a generation is understood, too: such are in stored answers.
 */
export function tokenFrame({ id, generation }: LogIdentity, places: readonly WrittenPlace[]): TokenFrame {
  const text = Buffer.from(JSON.stringify(distinctPlaces(places))).toString('base64url');
  return { before: `lf1.${id}.`, after: `.${text}.${generation}` };
}

function distinctPlaces(places: readonly WrittenPlace[]): readonly (readonly [string | null, number])[] {
  const [only] = places;
  // Most appends have one: not worth a map.
  if (places.length === 1 && only !== undefined) return [[only.topic, only.hash]];
  return [...new Map(places.map(({ topic, hash }) => [`${hash} ${topic ?? ''}`, [topic, hash] as const])).values()];
}

/** The token of a transaction. */
export function readToken({ before, after }: TokenFrame, transaction: string): ReadToken {
  return `${before}${transaction}${after}` as ReadToken;
}

/** A header must stay below what clients and proxies take of all headers together, 8 KiB mostly. */
const MOST_JOINED = 2_048;
const JOINT = '~';

/**
 * One token for several writes: all of them. Where that would be longer than a header may be, one that says "everything that is in the log when this is looked at",
 * which is more and never less. Nothing written: `undefined`.
 */
export function joinTokens(tokens: readonly ReadToken[]): ReadToken | undefined {
  const parts = new Set(tokens.flatMap((token) => token.split(JOINT)));
  parts.delete(NOTHING_WRITTEN);
  const whole = new Set([...parts].flatMap((part) => wholeLog(part) ?? []));
  const needed = [...parts].filter((part) => wholeLog(part) !== undefined || !whole.has(logOf(part)));
  if (needed.length === 0) return undefined;
  const joined = needed.join(JOINT);
  if (joined.length <= MOST_JOINED) return joined as ReadToken;
  return [...new Set(needed.map(logOf))].map((log) => `lf1.${log}.all`).join(JOINT) as ReadToken;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ONE = new RegExp(`^lf1\\.(${UUID})\\.([1-9]\\d{0,19})\\.([\\w-]+)(?:\\.([1-9]\\d{0,9}))?$`);
const WHOLE = new RegExp(`^lf1\\.(${UUID})\\.all$`);
const wholeLog = (part: string): string | undefined => WHOLE.exec(part)?.[1];
const logOf = (part: string): string => part.split('.')[1] ?? '';
const MAX_XID = 2n ** 64n - 1n;
const MAX_HASH = 2 ** 31 - 1;

/** The ids of the logs that a token is of. */
export const logsOf = (text: string): ReadonlySet<string> =>
  new Set(text.split(/[~,]/).flatMap((part) => logOf(part.trim()) || []));

/** The token without what it says of these logs. */
export function withoutLogs(text: string, logs: ReadonlySet<string>): string {
  return text
    .split(/[~,]/)
    .filter((part) => !logs.has(logOf(part.trim())))
    .join(JOINT);
}

/**
 * What a token stands for. Several may be joined, also by commas, as a client does that has written more than once.
 * @throws {@link InputInvalid} `LF_TOKEN_INVALID` for anything that no store has made
 */
export function parseToken(text: string): TokenContent {
  const transactions: WrittenTransaction[] = [];
  const whole: string[] = [];
  for (const one of text.split(/[~,]/)) {
    const part = one.trim();
    if (part === NOTHING_WRITTEN) continue;
    const log = wholeLog(part);
    if (log === undefined) transactions.push(parseOne(part));
    else whole.push(log);
  }
  return { transactions, whole };
}

function parseOne(text: string): WrittenTransaction {
  const [, log, xid, places, generation = '0'] = ONE.exec(text) ?? [];
  const parsed = places === undefined ? undefined : parsePlaces(places);
  if (log === undefined || xid === undefined || parsed === undefined || BigInt(xid) > MAX_XID) throw invalid(text);
  return { log, generation: Number(generation), transaction: BigInt(xid), places: parsed };
}

function parsePlaces(text: string): readonly WrittenPlace[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const places: WrittenPlace[] = [];
  for (const place of value as readonly unknown[]) {
    if (!isPlace(place)) return undefined;
    places.push({ topic: place[0], hash: place[1] });
  }
  return places;
}

function isPlace(value: unknown): value is readonly [string | null, number] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [topic, hash] = value as readonly unknown[];
  const isTopic = topic === null || (typeof topic === 'string' && topic !== '');
  return isTopic && typeof hash === 'number' && Number.isInteger(hash) && hash >= 0 && hash <= MAX_HASH;
}

const invalid = (text: string): InputInvalid =>
  new InputInvalid(
    'LF_TOKEN_INVALID',
    `${JSON.stringify(text.slice(0, 40))} is no token of a write; send what the answer to a command had in its Leftfold-Token header, or nothing`,
  );
