import { randomUUID } from 'node:crypto';
import { decideAcross, repository } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { courseList } from './course-list.ts';
import { course } from './course.ts';
import { seatTaken } from './events.ts';
import { member, visitNoted } from './member.ts';

test('without Nest it is three calls', async () => {
  const storage = memory();
  const courses = repository(course, storage.store);
  const projecting = await follow(courseList, { from: storage.log, storage });

  const { result } = await courses.open(randomUUID(), { title: 'Pottery', teachers: ['Ida'], seats: 8 });
  await courses.takeSeat(result.courseId, { memberId: randomUUID() });
  await projecting.caughtUp();

  const rows = storage.readModels.reader([courseList.rowTable]).all('course_list');
  expect(rows).toEqual([{ course_id: result.courseId, title: 'Pottery', teachers: ['Ida'], free_seats: 7 }]);
  await projecting.stop();
});

test('a repository may keep hot states, and one decision may be over several entities', async () => {
  const { store } = memory();
  const members = repository(member, store, { cache: { entries: 1_000 } });
  const [courseId, memberId] = [randomUUID(), randomUUID()];
  await members.join(memberId, { card: 'card-1' });
  await repository(course, store).open(courseId, { title: 'Pottery', teachers: ['Ida'], seats: 8 });

  const { versions } = await decideAcross(
    store,
    { course: course.ref(courseId), member: member.ref(memberId) },
    ({ course, member }, { refuse }) => {
      if (member.card === null) throw refuse('MEMBER_NOT_FOUND');
      if (course.members.length >= course.seats) throw refuse('COURSE_FULL', { seats: course.seats });
      return { course: [seatTaken({ courseId, memberId })], member: [visitNoted({ courseId })] };
    },
  );

  expect(versions).toEqual({ course: 2n, member: 2n });
  expect((await members.load(memberId)).state.visits).toBe(1);
});
