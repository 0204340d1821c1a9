import { eventually } from '@leftfold/testing';
import { expect, test } from 'vitest';
import type { Session } from '../database.ts';
import { Announcer } from './announcer.ts';

/** An announcer, and what it has sent; each notification is under way until it is answered. */
function scene(schema = 'leftfold') {
  const sent: {
    readonly payload: unknown;
    readonly answer: (rows: readonly never[]) => void;
    readonly fail: () => void;
  }[] = [];
  const query: Session['query'] = (_, values = []) =>
    new Promise((resolve, reject) => {
      sent.push({ payload: values[0], answer: resolve, fail: () => reject(new Error('connection lost')) });
    });
  return { announcer: new Announcer({ query }, schema), sent };
}

test('what is appended while a notification is under way is told by one more, however much it is', async () => {
  const { announcer, sent } = scene();
  for (let i = 0; i < 100; i++) announcer.announce();
  expect(sent).toHaveLength(1);
  sent[0]?.answer([]);
  await eventually(() => sent.length === 2);
  sent[1]?.answer([]);
  announcer.announce();
  await eventually(() => sent.length === 3);
});

test('one that fails is forgotten, and the next is sent', async () => {
  const { announcer, sent } = scene();
  announcer.announce();
  sent[0]?.fail();
  announcer.announce();
  await eventually(() => sent.length === 2);
});

test('who asks whether it hears wakes nobody else, unless it has appended at the same time', async () => {
  const [a, b] = [scene(), scene()];
  const heard = (n: number) => [a, b].map(({ announcer }) => announcer.read(a.sent[n]?.payload as string));
  a.announcer.probe();
  expect(heard(0)).toEqual(['own', undefined]);
  a.announcer.announce();
  a.announcer.probe();
  a.sent[0]?.answer([]);
  await eventually(() => a.sent.length === 2);
  expect(heard(1)).toEqual(['own', 'other']);
});

test('a notification is known as our own, as another process’s, or as another log’s', () => {
  const [a, b] = [scene('a log'), scene('a log')];
  a.announcer.announce();
  const payload = a.sent[0]?.payload as string;
  expect(a.announcer.read(payload)).toBe('own');
  expect(b.announcer.read(payload)).toBe('other');
  expect(scene('another log').announcer.read(payload)).toBeUndefined();
  expect(a.announcer.read('somebody else’s')).toBeUndefined();
  expect(a.announcer.read(undefined)).toBeUndefined();
});
