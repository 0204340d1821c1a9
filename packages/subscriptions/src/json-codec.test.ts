import { event, t, versionsOf, type WriterSchema } from '@leftfold/core';
import { expect, test } from 'vitest';
import { jsonCodec } from './json-codec.ts';

const opened = event('a.b.opened', { id: t.string(), n: t.long() });
const reader = t.record('Reader', { id: t.string(), n: t.long(), more: t.withDefault(t.int(), 7) });
const writer = versionsOf(opened)[0]?.writer as WriterSchema;
const codec = jsonCodec();
const headers = { 'content-type': codec.contentType };
const UNDECODABLE: unknown = expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE' });

test('the bytes are the stored text in UTF-8', () => {
  expect(Buffer.from(codec.encode('{"id":"é🙂"}', writer)).toString('hex')).toBe(
    Buffer.from('{"id":"é🙂"}').toString('hex'),
  );
});
test('a value comes back in memory form, with what the reader adds and without what it does not know', () => {
  const value = codec.encode('{"id":"é","n":"9007199254740993","old":true}', writer);
  expect(codec.decode({ value, headers }, reader)).toEqual({ id: 'é', n: 9_007_199_254_740_993n, more: 7 });
});
test.each([
  ['cut', new TextEncoder().encode('{"id":"a"')],
  ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ['not of the schema', new TextEncoder().encode('{"id":5,"n":"1"}')],
  ['null', new TextEncoder().encode('null')],
])('a value that is %s is undecodable', (_, value) => {
  expect(() => codec.decode({ value, headers }, reader)).toThrow(UNDECODABLE);
});
test('a value of another content type is not guessed at', () => {
  const value = codec.encode('{"id":"a","n":"1"}', writer);
  expect(() => codec.decode({ value, headers: {} }, reader)).toThrow(UNDECODABLE);
  expect(() => codec.decode({ value, headers: { 'content-type': 'application/avro' } }, reader)).toThrow(UNDECODABLE);
});
