import { expect, test } from 'vitest';
import { Delivery } from './delivery.ts';
import { partitionChunks } from './partition-chunks.ts';

const tooLarge = Object.assign(new Error('x'), { type: 'MESSAGE_TOO_LARGE' });
const record = { topic: 'orders', partition: 3, key: 'k', value: new Uint8Array(100), headers: {} };
const delivery = (chunks: number): Delivery => {
  const [group] = partitionChunks(
    Array.from({ length: chunks }, () => record),
    150,
  );
  return new Delivery(group!);
};

test('all chunks answered: written', () => {
  const two = delivery(2);
  expect(two.next().records).toHaveLength(1);
  two.written(7n);
  expect(two.isOpen).toBe(true);
  two.next();
  two.written(9n);
  expect(two.isOpen).toBe(false);
  expect(two.outcome()).toEqual({ topic: 'orders', partition: 3, kind: 'written', nextOffset: 10n });
});

test('never sent: certainly not written, and not for what it is', () => {
  const one = delivery(1);
  one.doubt('no broker');
  expect(one.outcome()).toMatchObject({ kind: 'notWritten', refused: false, cause: 'no broker' });
});

test('refused for its content: certainly not written, also after an attempt in doubt', () => {
  const one = delivery(1);
  one.next();
  one.doubt(new Error('lost'));
  one.next();
  one.failed(tooLarge);
  expect(one.isOpen).toBe(false);
  expect(one.outcome()).toMatchObject({ kind: 'notWritten', refused: true, cause: { code: 'LF_RECORD_REFUSED' } });
});

test('R12 of what is refused for its size it is said how large it is, and what the topic takes', () => {
  const one = delivery(1);
  one.next();
  expect(one.isOversized).toBe(false);
  one.failed(tooLarge);
  expect(one.isOversized).toBe(true);
  one.measured(50);
  const message = expect.stringMatching(/MESSAGE_TOO_LARGE; one takes up to 1\d\d bytes, the topic 50 /) as unknown;
  expect(one.outcome()).toMatchObject({ kind: 'notWritten', refused: true, cause: { message } });
});

test('refused after an earlier chunk was written: some of it stands there', () => {
  const two = delivery(2);
  two.next();
  two.written(undefined);
  two.next();
  two.failed(tooLarge);
  expect(two.outcome()).toMatchObject({ kind: 'unknown', cause: { code: 'LF_RECORD_REFUSED' } });
});

test('any other error after sending leaves it unknown: kafkajs tells only the last error of several tries', () => {
  const one = delivery(1);
  one.next();
  const error = Object.assign(new Error('x'), { type: 'NOT_ENOUGH_REPLICAS' });
  one.failed(error);
  expect(one.outcome()).toMatchObject({ kind: 'unknown', cause: { code: 'LF_BROKER_UNAVAILABLE', cause: error } });
});
