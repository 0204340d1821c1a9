import type { BadInput } from './bad-input.ts';
import { GOOD } from './notes.ts';

const STREAM_IDS: readonly (readonly [what: string, id: string, says: RegExp])[] = [
  ['that is empty', '', /is empty/],
  ['of 10 kB', 'x'.repeat(10_000), /10017 bytes long; the limit is 255/],
  ['with a newline', 'a\nb', /control character/],
  ['with NUL', 'a\u0000b', /control character/],
  ['with a lone surrogate', 'a\ud83d', /lone surrogate/],
  ['whose twin in NFC form is another text', 'e\u0301', /call \.normalize\(\)/],
];
const TENANTS: readonly (readonly [what: string, tenant: string, says: RegExp])[] = [
  ["with '/'", 'a/b', /holds '\/'/],
  ['with a newline', 'a\nb', /control character/],
  ['of 101 bytes', 'x'.repeat(101), /longer than 100 bytes/],
  ['with a lone surrogate', '\ude00', /lone surrogate/],
];
const KEYS: readonly (readonly [what: string, key: string])[] = [
  ['that is empty', ''],
  ['of 256 bytes', 'x'.repeat(256)],
  ['with a newline', 'a\nb'],
  ['with a lone surrogate', '\ud83d'],
];

/** Names of streams, tenants and requests. */
export const nameInputs: readonly BadInput[] = [
  ...STREAM_IDS.map(([what, id, says]): BadInput => ({
    what: `a stream id ${what}`,
    code: 'LF_STREAM_ID_INVALID',
    says,
    attempt: ({ notes }) => notes.add(id, GOOD),
  })),
  ...TENANTS.map(([what, tenant, says]): BadInput => ({
    what: `a tenant ${what}`,
    code: 'LF_TENANT_INVALID',
    says,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { metadata: { tenant } }),
  })),
  ...KEYS.map(([what, idempotencyKey]): BadInput => ({
    what: `an idempotency key ${what}`,
    code: 'LF_IDEMPOTENCY_KEY_INVALID',
    says: /1 to 255 bytes and no control characters; a UUID per request/,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { idempotencyKey }),
  })),
  {
    what: 'an input without a JSON form under an idempotency key',
    code: 'LF_INPUT_NOT_JSON',
    says: /must be JSON.*found NaN/,
    attempt: ({ notes, id }) => notes.addMany(id, NaN, { idempotencyKey: 'key' }),
  },
];

/** Names that look dangerous and are none: taken as they are, and all different. */
export const HARMLESS_NAMES: readonly string[] = [
  "o'brien",
  'say "hi"',
  '100%',
  '%s%d',
  '../../etc/passwd',
  'a\\b',
  'a b',
  '$1',
  '{a,b}',
  'null',
  '-- drop',
  'שלום',
  '\u202eabc',
  '😀',
  'é',
  'e',
  'E',
];
