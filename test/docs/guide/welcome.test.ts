import { randomUUID } from 'node:crypto';
import { repository } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow } from '@leftfold/subscriptions';
import { reactionSpec } from '@leftfold/testing';
import { expect, test } from 'vitest';
import { course } from './course.ts';
import { seatTaken } from './events.ts';
import { welcome } from './welcome.ts';

const [courseId, memberId] = [randomUUID(), randomUUID()];

test('a member is welcomed once, after a crash too: by the key the mailer knows it again', async () => {
  const sent = new Map<string, string>();
  const mailer = { send: async (member: string, _: string, key: string) => void sent.set(key, member) };
  await reactionSpec(welcome(mailer))
    .given(seatTaken({ courseId, memberId }))
    .crashed()
    .thenRan([{ replaying: false }, { replaying: false }]);
  expect([...sent.values()]).toEqual([memberId]);
});
test('who takes a seat is welcomed, with a key that stays the same however often it is tried', async () => {
  const storage = memory();
  const courses = repository(course, storage.store);
  const sent: (readonly [string, string])[] = [];
  let failures = 1;
  const mailer = {
    send: async (member: string, _subject: string, key: string) => {
      sent.push([member, key]);
      if (failures-- > 0) throw new Error('the mail server is away');
    },
  };
  const welcoming = await follow(welcome(mailer), { from: storage.log, storage });

  await courses.open(courseId, { title: 'Pottery', teachers: ['Ida'], seats: 8 });
  await courses.takeSeat(courseId, { memberId });
  await welcoming.caughtUp();

  expect(sent.map(([member]) => member)).toEqual([memberId, memberId]);
  expect(new Set(sent.map(([, key]) => key)).size).toBe(1);
  await welcoming.stop();
});
