import { expect, test } from 'vitest';
import { fetchedOffset } from './fetched-offset.ts';

test('the offset asked for is read as kafkajs 2.2.4 has it', () => {
  const batch = { topic: 'orders', fetchedOffset: '9007199254740993' };
  expect(fetchedOffset(batch)).toBe(9_007_199_254_740_993n);
});

test.each([{ topic: 'a' }, { topic: 'a', fetchedOffset: 12 }, { topic: 'a', fetchedOffset: 'x' }])(
  'a batch that does not tell it is refused',
  (batch) => {
    expect(() => fetchedOffset(batch)).toThrow(expect.objectContaining({ code: 'LF_KAFKAJS_UNSUPPORTED' }));
  },
);
