import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerOf, PgFrames, textsOf } from './pg-frames.ts';

function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(4 + Buffer.byteLength(body), 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

test('messages come out whole and in order, wherever the network cuts them', () => {
  const arbitrary = fc.array(fc.tuple(fc.constantFrom('Q', 'P', 'S', 'D'), fc.string({ unit: 'binary' })));
  fc.assert(
    fc.property(arbitrary, fc.array(fc.nat(200)), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(([type, body]) => message(type, body)));
      const frames = new PgFrames('server');
      const found = [];
      let from = 0;
      for (const length of [...cuts, bytes.length]) {
        found.push(...frames.push(bytes.subarray(from, from + length)));
        from += length;
      }
      expect(found.map(({ type, body }) => [type, body.toString()])).toEqual(messages);
      expect(Buffer.concat(found.map((frame) => frame.bytes))).toEqual(bytes);
    }),
  );
});

test("a client's first message has no type", () => {
  const startUp = message('', 'user\0me\0\0').subarray(1);
  const frames = new PgFrames('client').push(Buffer.concat([startUp, message('Q', 'select 1\0')]));
  expect(frames.map(({ type, bytes }) => [type, bytes.length])).toEqual([
    ['', startUp.length],
    ['Q', 14],
  ]);
});

test('texts end with a zero each', () => {
  expect(textsOf(Buffer.from('name\0select 1\0\0\0'), 2)).toEqual(['name', 'select 1']);
  expect(textsOf(Buffer.from('\0select 1\0'), 2)).toEqual(['', 'select 1']);
});

test('an answer is how the statement ended, or its SQLSTATE', () => {
  const answer = (...messages: readonly Buffer[]) => answerOf(new PgFrames('server').push(Buffer.concat(messages)));
  expect(answer(message('D', ''), message('C', 'SELECT 1\0'), message('Z', 'I'))).toEqual({ tag: 'SELECT 1' });
  expect(answer(message('E', 'SERROR\0C23505\0Mduplicate\0\0'), message('Z', 'I'))).toEqual({ sqlstate: '23505' });
  expect(answer(message('Z', 'I'))).toEqual({});
});
