import { expect, test } from 'vitest';
import { answerText } from './answer-text.ts';

test.each<unknown>([undefined, null, 'a', 0, false, [], {}, { a: [1, { b: null }], c: undefined }])(
  'the answer %j comes back as it was',
  (result) => {
    expect((JSON.parse(answerText(result)) as { result?: unknown }).result).toEqual(result);
  },
);

const cycle: { self?: unknown } = {};
cycle.self = cycle;
test.each<[string, unknown, string]>([
  ['a bigint', { left: 5n }, 'left'],
  ['a Date', { at: new Date(0) }, 'at'],
  ['NaN', { left: NaN }, 'left'],
  ['a Map', { by: new Map() }, 'by'],
  ['a function', [() => 1], '[0]'],
  ['undefined in a list', [undefined], '[0]'],
  ['a cycle', cycle, 'self'],
])('an answer with %s is refused with its path: a repetition would hear something else', (_, result, path) => {
  const expected = { code: 'LF_RESULT_NOT_JSON', message: expect.stringContaining(` at ${path}`) as string };
  expect(() => answerText(result)).toThrow(expect.objectContaining(expected));
});
