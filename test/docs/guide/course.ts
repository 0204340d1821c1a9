import { aggregate, t } from '@leftfold/core';
import { courseOpened, seatGivenBack, seatTaken } from './events.ts';

interface Course {
  /** 0: not open yet. */
  readonly seats: number;
  readonly members: readonly string[];
}

export const OpenCourse = t.record('OpenCourse', {
  title: t.string({ min: 1, max: 200 }),
  teachers: t.array(t.string()),
  seats: t.int({ min: 1, max: 500 }),
});
export const TakeSeat = t.record('TakeSeat', { memberId: t.uuid() });

export const course = aggregate('courses.course', {
  events: { opened: courseOpened, taken: seatTaken, givenBack: seatGivenBack },
  initial: (): Course => ({ seats: 0, members: [] }),
  refusals: {
    COURSE_EXISTS: 'This course is open already',
    COURSE_NOT_FOUND: 'There is no such course',
    COURSE_FULL: 'All {seats} seats are taken',
  },
})
  .evolve({
    opened: (_, { seats }) => ({ seats, members: [] }),
    taken: (course, { memberId }) => ({ ...course, members: [...course.members, memberId] }),
    givenBack: (course, { memberId }) => ({ ...course, members: course.members.filter((id) => id !== memberId) }),
  })
  .decide({
    open: (course, input: t.Of<typeof OpenCourse>, { id: courseId, refuse }) => {
      if (course.seats > 0) throw refuse('COURSE_EXISTS');
      return { events: [courseOpened({ courseId, ...input })], result: { courseId } };
    },
    takeSeat: (course, { memberId }: t.Of<typeof TakeSeat>, { id: courseId, refuse }) => {
      if (course.seats === 0) throw refuse('COURSE_NOT_FOUND');
      if (course.members.includes(memberId)) return [];
      if (course.members.length >= course.seats) throw refuse('COURSE_FULL', { seats: course.seats });
      return [seatTaken({ courseId, memberId })];
    },
    giveBackSeat: (course, { memberId }: t.Of<typeof TakeSeat>, { id: courseId }) =>
      course.members.includes(memberId) ? [seatGivenBack({ courseId, memberId })] : [],
  });
