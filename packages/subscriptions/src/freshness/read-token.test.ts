import type { ReadToken } from '@leftfold/core';
import { expect, test } from 'vitest';
import { joinTokens, parseToken, readToken, tokenFrame, withoutLogs } from './read-token.ts';

const id = '7b2d6b0e-3c6c-4e6e-9a51-4a0d1a7a3a11';
const otherId = '7b2d6b0e-3c6c-4e6e-9a51-4a0d1a7a3a12';
const log = { id, generation: 4 };
const orders = { topic: 'orders.order', hash: 7 };
const tokenOf = (xid: number, places: Parameters<typeof tokenFrame>[1] = [orders], of = log): ReadToken =>
  readToken(tokenFrame(of, places), String(xid));

test('a token says its log and generation, the transaction, and where its events are published, private ones too', () => {
  const places = [orders, { topic: null, hash: 0 }];
  expect(parseToken(tokenOf(815, places))).toEqual({
    transactions: [{ log: id, generation: 4, transaction: 815n, places }],
    whole: [],
  });
});

test('a place that several streams share is named once', () => {
  const [a, b] = [
    { topic: 'a', hash: 1 },
    { topic: 'b', hash: 1 },
  ];
  const places = [a, { topic: 'a', hash: 2 }, a, b, { topic: null, hash: 1 }, { topic: null, hash: 1 }];
  expect(parseToken(tokenOf(1, places)).transactions[0]?.places).toEqual([
    a,
    { topic: 'a', hash: 2 },
    b,
    { topic: null, hash: 1 },
  ]);
});

test('no topic, whatever its characters, makes a token that a URL would escape', () => {
  const token = joinTokens([tokenOf(1, [{ topic: 'ä/?&#% .~+=', hash: 2 ** 31 - 1 }]), tokenOf(2)]) as string;
  expect(encodeURIComponent(token)).toBe(token);
});

test('a token of before generations were said is one of an unknown generation', () => {
  const [, , , places] = tokenOf(9).split('.');
  expect(parseToken(`lf1.${id}.9.${places}`).transactions).toEqual([
    { log: id, generation: 0, transaction: 9n, places: [orders] },
  ]);
});

test('tokens are joined by their makers, and by clients with commas', () => {
  const joined = joinTokens([tokenOf(1), 'lf0' as ReadToken, tokenOf(2), tokenOf(1)]) as ReadToken;
  const ids = (text: string): readonly bigint[] => parseToken(text).transactions.map(({ transaction }) => transaction);
  expect(ids(joined)).toEqual([1n, 2n]);
  expect(ids(`${joined}, ${tokenOf(3)},lf0`)).toEqual([1n, 2n, 3n]);
});

test('nothing written is no token', () => {
  expect(joinTokens([])).toBeUndefined();
  expect(joinTokens(['lf0' as ReadToken])).toBeUndefined();
  expect(parseToken('lf0')).toEqual({ transactions: [], whole: [] });
});

test('of more writes than a header holds the token says: everything in the log, and does not grow', () => {
  let joined: ReadToken | undefined;
  for (let xid = 1; xid <= 500; xid++) joined = joinTokens([...(joined ? [joined] : []), tokenOf(xid)]);
  expect(parseToken(joined as string)).toEqual({ transactions: [], whole: [id] });
  const withOther = joinTokens([joined as ReadToken, tokenOf(7, [orders], { id: otherId, generation: 1 })]) as string;
  expect(parseToken(withOther)).toMatchObject({ transactions: [{ log: otherId }], whole: [id] });
  expect(parseToken(withoutLogs(withOther, new Set([id])))).toMatchObject({
    transactions: [{ log: otherId }],
    whole: [],
  });
  expect(withoutLogs(withOther, new Set([id, otherId]))).toBe('');
});

const forged = (places: unknown): string =>
  `lf1.${id}.7.${Buffer.from(JSON.stringify(places)).toString('base64url')}.1`;
test.each([
  ['nothing', ''],
  ['a word', 'token'],
  ['another form', 'lf2.a.b.c'],
  ['an id that is none', tokenOf(1).replace(id, 'x'.repeat(36))],
  ['a transaction that is no number', tokenOf(1).replace('.1.', '.-1.')],
  ['transaction 0', tokenOf(0)],
  ['a transaction beyond 64 bits', tokenOf(1).replace('.1.', `.${2n ** 64n}.`)],
  ['places that are no JSON', `lf1.${id}.7.e30e.1`],
  ['places that are no list', forged({ a: 1 })],
  ['a place without a hash', forged([['orders']])],
  ['a hash that is no integer', forged([['orders', 1.5]])],
  ['a negative hash', forged([['orders', -1]])],
  ['a hash beyond 31 bits', forged([['orders', 2 ** 31]])],
  ['an empty topic', forged([['', 1]])],
  ['a topic that is a number', forged([[1, 1]])],
  ['generation 0 in words', `${tokenOf(1)}0x`],
  ['a token and something', `${tokenOf(1)},x`],
  ['more than a token', `${tokenOf(1)}.5`],
])('%s is refused: LF_TOKEN_INVALID', (_, text) => {
  expect(() => parseToken(text)).toThrow(expect.objectContaining({ code: 'LF_TOKEN_INVALID', retryable: false }));
});
