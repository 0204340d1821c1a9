import { aggregate, event, t } from '@leftfold/core';

export const memberJoined = event('courses.member.joined', { card: t.string() });
export const cardReplaced = event('courses.member.card-replaced', { card: t.string() });
export const visitNoted = event('courses.member.visit-noted', { courseId: t.uuid() });

interface Member {
  /** `null`: has not joined yet. */
  readonly card: string | null;
  readonly visits: number;
}

export const member = aggregate('courses.member', {
  events: { joined: memberJoined, cardReplaced, visited: visitNoted },
  initial: (): Member => ({ card: null, visits: 0 }),
  refusals: {
    CARD_TAKEN: '{card} is the card of another member',
    MEMBER_EXISTS: 'This member has joined already',
    MEMBER_NOT_FOUND: 'There is no such member',
  },
  snapshot: {
    every: 100,
    version: 1,
    state: t.record('MemberState', { card: t.nullable(t.string()), visits: t.int() }),
  },
})
  .evolve({
    joined: (member, { card }) => ({ ...member, card }),
    cardReplaced: (member, { card }) => ({ ...member, card }),
    visited: (member) => ({ ...member, visits: member.visits + 1 }),
  })
  .decide({
    join: (member, { card }: { readonly card: string }, { refuse }) => {
      if (member.card !== null) throw refuse('MEMBER_EXISTS');
      return { events: [memberJoined({ card })], reserve: [['card', card, refuse('CARD_TAKEN', { card })]] };
    },
    replaceCard: (member, { card }: { readonly card: string }, { refuse }) => {
      if (member.card === null) throw refuse('MEMBER_NOT_FOUND');
      return {
        events: [cardReplaced({ card })],
        reserve: [['card', card, refuse('CARD_TAKEN', { card })]],
        release: [['card', member.card]],
      };
    },
    visit: (_, { courseId }: { readonly courseId: string }) => [visitNoted({ courseId })],
  });
