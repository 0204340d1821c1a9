import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answeredCorrelation, apiName, KafkaFrames, requestHead } from './kafka-frames.ts';
import { answer, request } from './planted-kafka.ts';

test('messages come out whole and in order, wherever the network cuts them', () => {
  const arbitrary = fc.array(fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(arbitrary, fc.array(fc.nat(200)), (bodies, cuts) => {
      const messages = bodies.map((body, index) => answer(index, Buffer.from(body)));
      const bytes = Buffer.concat(messages);
      const frames = new KafkaFrames();
      const found = [];
      let from = 0;
      for (const length of [...cuts, bytes.length]) {
        found.push(...frames.push(bytes.subarray(from, from + length)));
        from += length;
      }
      expect(found).toEqual(messages);
    }),
  );
});

test('a request says what it asks for, by whom, and which answer it waits for', () => {
  expect(requestHead(request(0, 77, 'relay-1'))).toEqual({ apiKey: 0, correlationId: 77, clientId: 'relay-1' });
  expect(requestHead(request(3, -2, ''))).toEqual({ apiKey: 3, correlationId: -2, clientId: '' });
  expect(answeredCorrelation(answer(77))).toBe(77);
});

test('requests have the names of the protocol', () => {
  expect([0, 1, 3, 22, 9_999].map(apiName)).toEqual(['Produce', 'Fetch', 'Metadata', 'InitProducerId', 'other']);
});
