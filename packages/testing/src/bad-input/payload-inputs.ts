import type { BadInput } from './bad-input.ts';

const cycle: Record<string, unknown> = { note: 'n' };
cycle['note'] = cycle;
const parsed = (text: string): unknown => JSON.parse(text);

/** Fields that are not what their schema says, in every way that got into somebody's log. */
const FIELDS: readonly (readonly [what: string, part: object, path: string])[] = [
  ['NUL in a text', { text: 'a\u0000b' }, 'text'],
  ['NUL in the key of a map', { more: { 'a\u0000': 'b' } }, 'more.a\u0000'],
  ['a high surrogate alone', { text: 'a\ud83d' }, 'text'],
  ['a low surrogate alone', { items: ['\ude00a'] }, 'items[0]'],
  ['NaN', { ratio: NaN }, 'ratio'],
  ['Infinity', { ratio: Infinity }, 'ratio'],
  ['-Infinity', { ratio: -Infinity }, 'ratio'],
  ['a bigint without a long', { count: 1n }, 'count'],
  ['a number beyond 2^53 without a long', { count: 2 ** 53 }, 'count'],
  ['a number in the place of a long', { big: 1 }, 'big'],
  ['a bigint beyond 2^63', { big: 2n ** 63n }, 'big'],
  ['undefined', { text: undefined }, 'text'],
  ['a hole in a list', { items: Object.assign([], { length: 1 }) }, 'items[0]'],
  ['a cycle', { inner: cycle }, 'inner.note'],
  ['depth 10,000', { items: parsed(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) }, 'items[0]'],
  ['a Date without a codec', { text: new Date(0) }, 'text'],
  ['an invalid Date', { at: new Date(NaN) }, 'at'],
  ['a Map', { more: new Map([['a', 'b']]) }, 'more'],
  ['a Buffer without a codec', { items: Buffer.from('a') }, 'items'],
  ['the key __proto__', { more: parsed('{"__proto__":"b"}') }, 'more.__proto__'],
  ['the key constructor', { more: { constructor: 'b' } }, 'more.constructor'],
  ['a field that nobody declared', { admin: true }, 'admin'],
];

/** Payloads. Each names the field. */
export const payloadInputs: readonly BadInput[] = [
  ...FIELDS.map(([what, part, path]): BadInput => ({
    what: `a payload with ${what}`,
    code: 'LF_EVENT_INVALID',
    path,
    says: /nothing was written/,
    attempt: ({ notes, id }) => notes.add(id, part),
  })),
  {
    what: 'an event of 2 MB',
    code: 'LF_EVENT_INVALID',
    path: '',
    says: /2\d{6} bytes .* limit is 262144; store large data elsewhere/,
    attempt: ({ notes, id }) => notes.add(id, { text: 'x'.repeat(2_000_000) }),
  },
  {
    what: '10,000 events in one append',
    code: 'LF_APPEND_TOO_LARGE',
    says: /10000 events; the limit is 1000 .* append in parts/,
    attempt: ({ notes, id }) => notes.addMany(id, 10_000),
  },
];
