import { randomUUID } from 'node:crypto';
import type { Repository } from '@leftfold/core';
import { repositoryToken } from '@leftfold/nestjs';
import { testingModule } from '@leftfold/nestjs/testing';
import { expect, test } from 'vitest';
import { courseList } from './course-list.ts';
import { course } from './course.ts';
import { CoursesModule } from './courses.module.ts';

test('the slice runs whole, on memory', async () => {
  const app = await testingModule({ imports: [CoursesModule] });
  const courses: Repository<typeof course> = app.get(repositoryToken(course));

  const { result } = await courses.open(randomUUID(), { title: 'Pottery', teachers: ['Ida'], seats: 8 });
  await app.caughtUp();

  const rows = app.storage.readModels.reader([courseList.rowTable]).all('course_list');
  expect(rows).toMatchObject([{ course_id: result.courseId, free_seats: 8 }]);
  await app.close();
});
