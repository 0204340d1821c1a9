import { randomUUID } from 'node:crypto';
import { repository } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { courseList } from './course-list.ts';
import { course } from './course.ts';

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
