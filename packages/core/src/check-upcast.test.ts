import { expect, test } from 'vitest';
import { checkUpcast, event, t, type AnyEventType } from './index.ts';

/** With an upcaster that a JavaScript caller may give. */
const typeWith = (up: (old: never) => unknown): AnyEventType =>
  event('a.b.c', { at: t.timestampMillis(), lines: t.array(t.string()), name: t.string({ max: 3 }) }).version(
    2,
    { count: t.integer(), name: t.string() },
    { up: up as never },
  );
type Old = { at: Date; lines: string[]; name: string };
const old = { at: new Date(5), lines: ['a', 'b'], name: 'Ada Lovelace' };

test('a sound upcaster gives the payload and its stored form, constraints of old versions aside', () => {
  const type = typeWith(({ lines, name }: Old) => ({ count: lines.length, name }));
  expect(checkUpcast(type, 1, old)).toEqual({
    data: { count: 2, name: 'Ada Lovelace' },
    text: '{"count":"2","name":"Ada Lovelace"}',
  });
  expect(old).toEqual({ at: new Date(5), lines: ['a', 'b'], name: 'Ada Lovelace' });
});
test('the latest version is only looked at', () => {
  expect(
    checkUpcast(
      typeWith(() => ({})),
      2,
      { count: 1, name: 'x' },
    ),
  ).toEqual({
    data: { count: 1, name: 'x' },
    text: '{"count":"1","name":"x"}',
  });
});
/** Counts from 0, for each upcaster by itself. */
const counting = (): (() => number) => {
  let next = 0;
  return () => next++;
};
const [calls, runs] = [counting(), counting()];
test.each<[string, (old: Old) => unknown, string, RegExp]>([
  [
    'changes a list',
    ({ lines, name }) => ({ count: lines.push('c'), name }),
    'LF_UPCAST_UNSOUND',
    /changes the payload/,
  ],
  [
    'takes a field away',
    (given) => (Reflect.deleteProperty(given, 'at'), { count: 1, name: '' }),
    'LF_UPCAST_UNSOUND',
    /changes the payload/,
  ],
  [
    'changes a date, which cannot be frozen',
    ({ at }) => ({ count: at.setTime(0), name: '' }),
    'LF_UPCAST_UNSOUND',
    /changes the payload/,
  ],
  [
    'sets a field to what it was',
    (given) => ({ count: 1, name: (given.name = 'Ada Lovelace') }),
    'LF_UPCAST_UNSOUND',
    /changes the payload/,
  ],
  ['remembers', () => ({ count: calls(), name: '' }), 'LF_UPCAST_UNSOUND', /two results/],
  [
    'throws the second time',
    () => ({ count: runs() === 0 ? 1 : (null as never), name: '' }),
    'LF_UPCAST_UNSOUND',
    /two results/,
  ],
  [
    'leaves a field out',
    () => ({ count: 1 }),
    'LF_UPCAST_UNSOUND',
    /from version 1 to 2 returns what does not fit: name is missing/,
  ],
  ['adds a field', () => ({ count: 1, name: '', more: 1 }), 'LF_UPCAST_UNSOUND', /more is not declared/],
  ['returns another type', () => ({ count: '1', name: '' }), 'LF_UPCAST_UNSOUND', /count expected a whole number/],
  ['throws', () => JSON.parse('{'), 'LF_UPCAST_FAILED', /from version 1 to 2 failed/],
  ['is async', async () => ({ count: 1, name: '' }), 'LF_UPCAST_FAILED', /answered with a promise/],
])('an upcaster that %s is told of, by versions', (_, up, code, message) => {
  expect(() => checkUpcast(typeWith(up as never), 1, old)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }),
  );
});
test('every step of a chain is held to the schema of its version', () => {
  const type: AnyEventType = typeWith(() => ({ count: 1 })).version(3, {}, { up: (() => ({})) as never });
  expect(() => checkUpcast(type, 1, old)).toThrow(/from version 1 to 2 returns what does not fit/);
});
test('a payload of another version is refused, as is a version that there is not', () => {
  const type = typeWith(() => ({}));
  expect(() => checkUpcast(type, 1, { name: 5 })).toThrow(expect.objectContaining({ code: 'LF_VALUE_INVALID' }));
  expect(() => checkUpcast(type, 0, {})).toThrow(expect.objectContaining({ code: 'LF_UPCAST_FAILED' }));
  expect(() => checkUpcast(type, 3, {})).toThrow(expect.objectContaining({ code: 'LF_NEWER_EVENT' }));
});
