import { randomUUID } from 'node:crypto';
import { repository } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { course } from './course.ts';
import { welcome } from './welcome.ts';

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

  const [courseId, memberId] = [randomUUID(), randomUUID()];
  await courses.open(courseId, { title: 'Pottery', teachers: ['Ida'], seats: 8 });
  await courses.takeSeat(courseId, { memberId });
  await welcoming.caughtUp();

  expect(sent.map(([member]) => member)).toEqual([memberId, memberId]);
  expect(new Set(sent.map(([, key]) => key)).size).toBe(1);
  await welcoming.stop();
});
