import type { Break, Mutant } from './mutant.ts';

const CHAOS = 'test/chaos/relay/relay-chaos.test.ts';
const MOVES = 'packages/postgres/src/checkpoints/move-checkpoint.ts';

/** A cursor moves whoever asks for it, wherever it stands. */
const anybodyMoves: Break = {
  file: MOVES,
  find: 'and c.epoch = $4 and c.cursor = $5 and',
  replace: 'and $4::bigint is not null and $5::text is not null and',
};

/** Bugs of relays that others have, planted here: the order proof must find those that need a crash, a fail-over or a second owner to show. */
export const relayMutants: readonly Mutant[] = [
  {
    id: 'order-cursor-moves-before-the-send',
    title: 'R3 the cursor is moved behind a batch before it is sent, without its numbers',
    file: 'packages/subscriptions/src/relay/relay.ts',
    find: 'await owned.save(batch.at, sending(before, after, batch.to));',
    replace: 'await owned.save(batch.to, before);',
    test: CHAOS,
  },
  {
    id: 'order-skip-locked-claims',
    title:
      'R2 R4 whoever asks for a lane gets it, as rows that are not locked, and moves it from wherever he thinks it stands',
    file: 'packages/postgres/src/checkpoints/checkpoint-statements.ts',
    find: 'where not $6 or c.owner = excluded.owner',
    replace: 'where $6 is not null or c.owner = excluded.owner',
    also: [anybodyMoves],
    test: CHAOS,
  },
  {
    id: 'order-no-epoch',
    title: 'R4 an owner that was succeeded goes on: neither its moves nor its lease are refused',
    ...anybodyMoves,
    also: [
      {
        file: 'packages/postgres/src/checkpoints/checkpoint-statements.ts',
        find: 'and c.lane = claim.lane and c.epoch = claim.epoch',
        replace: 'and c.lane = claim.lane and claim.epoch is not null',
      },
    ],
    test: CHAOS,
  },
  {
    id: 'order-quiet-never-comes',
    title: 'R9 each batch that is passed begins the time to the next save anew',
    file: 'packages/subscriptions/src/following/owned-lane.ts',
    find: 'if (this.isLost || (this.#saveAt && this.#saveAt.at <= at)) return;',
    replace: 'if (this.isLost) return;',
    test: 'packages/memory/test/follower.test.ts',
    testName: 'R9 what is passed is saved a while after the first of it',
  },
  {
    id: 'order-key-is-the-stream',
    title: 'R11 a stream is told by its Kafka key alone',
    file: 'packages/subscriptions/src/record/parse-record.ts',
    find: '      tenant,\n',
    replace: "      tenant: '',\n",
    test: 'packages/memory/test/shared-key.test.ts',
    testName: 'R11 two streams that share a Kafka key',
  },
];
