import { InputInvalid } from './errors.ts';
import type { StreamId, StreamRef } from './message.ts';
import { utf8Length } from './text.ts';

const MAX_BYTES = 255;
const MAX_TENANT_BYTES = 100;
const CONTROL = /\p{Cc}/u;

/**
 * The stream of a category and key: its id is `category-key`. Pure.
 *
 * Both parts are non-empty, in Unicode's NFC form and without control characters or lone surrogates; the id is at most 255 bytes of UTF-8.
 * A tenant is at most 100 bytes and holds no `/`, which separates it from the id in a Kafka key; `''` stands for no tenant.
 * Ids are never taken apart again, so both category and key may hold hyphens. A category that would make the same id with another key
 * is refused by the store when it is met (`LF_STREAM_CATEGORY`).
 *
 * @throws {@link InputInvalid} `LF_STREAM_ID_INVALID`, `LF_TENANT_INVALID`
 */
export function streamRef(category: string, key: string, tenant = ''): StreamRef {
  for (const [part, text] of [
    ['category', category],
    ['key', key],
  ] as const) {
    const fault = text === '' ? 'is empty' : faultOf(text);
    if (fault !== undefined)
      throw new InputInvalid('LF_STREAM_ID_INVALID', `the stream's ${part} ${quote(text)} ${fault}`);
  }
  const id = `${category}-${key}`;
  if (utf8Length(id) > MAX_BYTES) {
    throw new InputInvalid(
      'LF_STREAM_ID_INVALID',
      `the stream id ${quote(id)} is ${utf8Length(id)} bytes long; the limit is ${MAX_BYTES}`,
    );
  }
  const fault = tenant.includes('/')
    ? "holds '/'"
    : utf8Length(tenant) > MAX_TENANT_BYTES
      ? `is longer than ${MAX_TENANT_BYTES} bytes`
      : faultOf(tenant);
  if (fault !== undefined) throw new InputInvalid('LF_TENANT_INVALID', `the tenant ${quote(tenant)} ${fault}`);
  return { tenant, category, key, id: id as StreamId };
}

function faultOf(text: string): string | undefined {
  if (!text.isWellFormed()) return 'holds a lone surrogate, which UTF-8 cannot carry';
  if (CONTROL.test(text)) return 'holds a control character';
  if (text !== text.normalize('NFC'))
    return 'is not in NFC form: call .normalize() on it, so that equal names are one stream';
  return undefined;
}

const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
