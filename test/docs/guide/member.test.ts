import { deciderSpec, snapshotSpec } from '@leftfold/testing';
import { test } from 'vitest';
import { cardReplaced, member, memberJoined, visitNoted } from './member.ts';

const [card, other] = ['card-1', 'card-2'];
const spec = deciderSpec(member);

test('a card is that of one member', () => {
  spec.when.join({ card }).then(memberJoined({ card })).thenReserved(['card', card]);
  spec.taken('card', card).when.join({ card }).thenRefused('CARD_TAKEN', { card });
});
test('a card that was replaced is free for others', () => {
  const joined = spec.given(memberJoined({ card }));
  joined.when.replaceCard({ card: other }).thenReserved(['card', other]).thenReleased(['card', card]);
});

test('a fold that changes gets another snapshot version', () => {
  const courseId = '01910000-0000-7000-8000-00000000000a';
  const given = [memberJoined({ card }), cardReplaced({ card: other }), visitNoted({ courseId })];
  snapshotSpec(member, { given }).thenHash('59024884-0899a1d56c810e0b');
});
