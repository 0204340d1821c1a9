import { streamRef, type AppendOutcome, type Expectation, type NewReply, type StreamVersion } from '@leftfold/core';
import { expect, test } from 'vitest';
import type { AppendCall } from './appends.ts';
import { certainConflict } from './certain-conflict.ts';

const call = (expectation: Expectation, id = 'id', category = 'a', reply?: NewReply): AppendCall => {
  const append = {
    stream: { ...streamRef('a', 'b'), category },
    expect: expectation,
    events: [{ id } as never, { id: `${id}2` } as never],
  };
  return { written: [append], all: [append], reply, keys: [], signal: undefined };
};
const version = (number: number): StreamVersion => BigInt(number) as StreamVersion;
const moved = (to: number, already = false): AppendOutcome => ({
  kind: 'appended',
  versions: [version(to)],
  token: '' as never,
  already,
});

test.each([
  [version(3), 5, true],
  [version(4), 5, false],
  [version(2), 5, false],
  ['absent', 2, true],
  ['absent', 5, false],
  [version(0), 2, true],
  ['any', 2, false],
  ['present', 2, false],
] as const)(
  'expecting %s, when another append has moved the stream by two to %i: certain %s',
  (expectation, to, isCertain) => {
    const conflict = certainConflict(call(expectation, 'mine'), call('any', 'theirs'), moved(to));
    expect(conflict).toEqual(isCertain ? { kind: 'conflict', stream: 'a-b', actual: version(to) } : undefined);
  },
);

test('nothing is certain about the same events, another category, a reply, or an append that found itself written', () => {
  const reply = { tenant: '', key: 'k', requestHash: '', reply: '', keepMs: 1 };
  const theirs = call('any', 'theirs');
  for (const mine of [
    call(version(3), 'theirs'),
    call(version(3), 'mine', 'c'),
    call(version(3), 'mine', 'a', reply),
  ]) {
    expect(certainConflict(mine, theirs, moved(5))).toBeUndefined();
  }
  expect(certainConflict(call(version(3), 'mine'), theirs, moved(5, true))).toBeUndefined();
});
