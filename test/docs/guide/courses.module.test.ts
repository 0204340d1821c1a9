import 'reflect-metadata';
import { memory } from '@leftfold/memory';
import { LeftfoldModule } from '@leftfold/nestjs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, test } from 'vitest';
import { courseList } from './course-list.ts';
import { CoursesModule } from './courses.module.ts';

test('the module opens courses over HTTP and keeps the list', async () => {
  const storage = memory();
  @Module({
    imports: [LeftfoldModule.forRoot({ service: 'courses', storage }), CoursesModule, LeftfoldModule.projector()],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  const post = async (path: string, body: object) =>
    fetch(`${await app.getUrl()}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'first' },
      body: JSON.stringify(body),
    });

  const opened = await post('/courses', { title: 'Pottery', teachers: ['Ida'], seats: 1 });
  expect(opened.status).toBe(201);
  const { courseId } = (await opened.json()) as { readonly courseId: string };
  const refused = await post(`/courses/${courseId}/seats`, { memberId: 'nobody' });
  expect(refused.status).toBe(400);
  expect((await post(`/courses/${courseId}/seats`, { memberId: courseId })).status).toBe(204);

  await expect
    .poll(() => storage.readModels.reader([courseList.rowTable]).all('course_list'))
    .toEqual([{ course_id: courseId, title: 'Pottery', teachers: ['Ida'], free_seats: 0 }]);
  await app.close();
});
