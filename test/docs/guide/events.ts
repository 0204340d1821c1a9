import { event, t } from '@leftfold/core';

export const courseOpened = event('courses.course.opened', {
  courseId: t.uuid(),
  title: t.string({ min: 1, max: 200 }),
  teacher: t.string(),
  seats: t.int({ min: 1 }),
}).version(
  2,
  {
    courseId: t.uuid(),
    title: t.string({ min: 1, max: 200 }),
    teachers: t.array(t.string()),
    seats: t.int({ min: 1 }),
  },
  { up: ({ teacher, ...course }) => ({ ...course, teachers: [teacher] }) },
);

export const seatTaken = event('courses.course.seat-taken', { courseId: t.uuid(), memberId: t.uuid() });
export const seatGivenBack = event('courses.course.seat-given-back', { courseId: t.uuid(), memberId: t.uuid() });
