import { expect, test } from 'vitest';
import { readToken, tokenFrame } from './read-token.ts';

const log = '7b2d6b0e-3c6c-4e6e-9a51-4a0d1a7a3a11';
const placesOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[3] ?? '', 'base64url').toString('utf8'));

test('a token names the log, the transaction and where its events are published', () => {
  const token = readToken(tokenFrame(log, [{ topic: 'orders.order', hash: 7 }]), '815');
  expect(token.startsWith(`lf1.${log}.815.`)).toBe(true);
  expect(placesOf(token)).toEqual([['orders.order', 7]]);
});

test('a place that several streams share is named once', () => {
  const places = [
    { topic: 'a', hash: 1 },
    { topic: 'a', hash: 2 },
    { topic: 'a', hash: 1 },
    { topic: 'b', hash: 1 },
  ];
  expect(placesOf(readToken(tokenFrame(log, places), '1'))).toEqual([
    ['a', 1],
    ['a', 2],
    ['b', 1],
  ]);
});

test('no topic, whatever its characters, makes a token that a URL would escape', () => {
  const token = readToken(tokenFrame(log, [{ topic: 'ä/?&#% .~+=', hash: 2 ** 31 - 1 }]), '1');
  expect(encodeURIComponent(token)).toBe(token);
});
