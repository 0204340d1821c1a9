import type { ReadToken } from '@leftfold/core';

/** The text of a token around the transaction id, which only the database knows, in the statement that writes. */
export interface TokenFrame {
  readonly before: string;
  readonly after: string;
}

/**
 * What a token says beside the transaction id: the log, and where the events of this append are published, so that whoever knows the number of
 * partitions finds theirs. Form: `lf1.<log id>.<transaction id>.<base64url of [[topic, hash], …]>`, without any character that a URL would escape.
 */
export function tokenFrame(
  log: string,
  places: readonly { readonly topic: string; readonly hash: number }[],
): TokenFrame {
  const text = Buffer.from(JSON.stringify(distinctPlaces(places))).toString('base64url');
  return { before: `lf1.${log}.`, after: `.${text}` };
}

function distinctPlaces(
  places: readonly { readonly topic: string; readonly hash: number }[],
): readonly (readonly [string, number])[] {
  const [only] = places;
  // Most appends have one: not worth a map.
  if (places.length === 1 && only !== undefined) return [[only.topic, only.hash]];
  return [...new Map(places.map(({ topic, hash }) => [`${hash} ${topic}`, [topic, hash] as const])).values()];
}

/** The token of a transaction. */
export function readToken({ before, after }: TokenFrame, xid: string): ReadToken {
  return `${before}${xid}${after}` as ReadToken;
}
