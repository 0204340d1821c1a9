import { projectionSpec } from '@leftfold/testing';
import { test } from 'vitest';
import { courseList } from './course-list.ts';
import { courseOpened, seatGivenBack, seatTaken } from './events.ts';

const course_id = '01910000-0000-7000-8000-00000000000a';
const seat = { courseId: course_id, memberId: '01910000-0000-7000-8000-000000000001' };
const openedV1 = courseOpened.at(1, { courseId: course_id, title: 'Pottery', teacher: 'Ida', seats: 8 });

test('the list counts free seats, after duplicates and crashes too', async () => {
  await projectionSpec(courseList)
    .given(openedV1, seatTaken(seat), seatGivenBack(seat), seatTaken(seat))
    .permuted()
    .thenRow({ course_id }, { title: 'Pottery', teachers: ['Ida'], free_seats: 7 });
});
test('a seat in a course that was never opened is a fault, not a row', async () => {
  await projectionSpec(courseList).given(seatTaken(seat)).thenFault('LF_ROW_MISSING');
});
