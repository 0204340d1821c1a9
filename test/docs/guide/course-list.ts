import { t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import { courseOpened, seatGivenBack, seatTaken } from './events.ts';

export const courseList = projection('course-list', {
  version: 1,
  key: 'course_id',
  row: {
    course_id: t.uuid(),
    title: t.string(),
    teachers: t.array(t.string()),
    free_seats: t.int(),
  },
})
  .insert(courseOpened, ({ data }) => ({
    course_id: data.courseId,
    title: data.title,
    teachers: data.teachers,
    free_seats: data.seats,
  }))
  .update(seatTaken, (row) => ({ free_seats: row.free_seats - 1 }))
  .update(seatGivenBack, (row) => ({ free_seats: row.free_seats + 1 }));
