import { deciderSpec } from '@leftfold/testing';
import { test } from 'vitest';
import { course } from './course.ts';
import { courseOpened, seatTaken } from './events.ts';

const courseId = '01910000-0000-7000-8000-00000000000a';
const ann = '01910000-0000-7000-8000-000000000001';
const ben = '01910000-0000-7000-8000-000000000002';
const opened = courseOpened({ courseId, title: 'Pottery', teachers: ['Ida'], seats: 1 });
const openedV1 = courseOpened.at(1, { courseId, title: 'Pottery', teacher: 'Ida', seats: 1 });
const takenByAnn = seatTaken({ courseId, memberId: ann });
const spec = deciderSpec(course, { id: courseId });

test('opening a course records it and answers with its id', () => {
  const input = { title: 'Pottery', teachers: ['Ida'], seats: 1 };
  spec.when.open(input).then(opened).thenResult({ courseId });
});
test('the last seat is taken once', () => {
  spec.given(opened, takenByAnn).when.takeSeat({ memberId: ben }).thenRefused('COURSE_FULL', { seats: 1 });
});
test('taking a seat twice records nothing', () => {
  spec.given(opened, takenByAnn).when.takeSeat({ memberId: ann }).thenNothing();
});
test('a course of the first release still has seats', () => {
  spec.given(openedV1).when.takeSeat({ memberId: ann }).then(takenByAnn);
});
