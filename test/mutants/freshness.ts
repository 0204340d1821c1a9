import type { Mutant } from './mutant.ts';

const FRESHNESS = 'packages/subscriptions/src/freshness';
const PROGRESS = 'packages/postgres/src/progress/postgres-progress.ts';
const POSTGRES_TEST = 'packages/postgres/test/freshness.int.test.ts';
const PARKED_TEST = 'packages/memory/test/freshness-parked.test.ts';
const READS_OWN_WRITES = 'packages/nestjs/test/reads-own-writes.test.ts';
const RELAYED = 'packages/kafka/test/freshness.int.test.ts';

/** Breaks of waiting for one's own writes. */
export const freshnessMutants: readonly Mutant[] = [
  {
    id: 'token-by-position',
    title:
      'C14 a write is applied once the follower has passed its number, though what was drawn earlier may be committed later',
    file: PROGRESS,
    find: 'isVisible(one.seen, transaction)',
    replace: '(void isVisible, transaction < one.seen.xmax)',
    test: POSTGRES_TEST,
    testName: 'C14 a position that was drawn earlier and committed later',
  },
  {
    id: 'token-waits-for-all-that-runs',
    title: 'C14 a write is applied once no earlier transaction runs any more: one that stays open holds up everybody',
    file: PROGRESS,
    find: 'isVisible(one.seen, transaction)',
    replace: '(void isVisible, transaction < (one.seen.running[0] ?? one.seen.xmax))',
    test: POSTGRES_TEST,
    testName: 'C14 an earlier transaction that stays open holds up nobody',
  },
  {
    id: 'token-of-one-lane',
    title: 'a write of several streams is applied once the lane of one of them has it',
    file: `${FRESHNESS}/awaited-write.ts`,
    find: 'return this.#places.every(({ hash }) => this.#laneBeyond',
    replace: 'return this.#places.some(({ hash }) => this.#laneBeyond',
    test: POSTGRES_TEST,
    testName: 'over lanes a write of several streams waits for the lanes of all',
  },
  {
    id: 'token-of-any-generation',
    title: 'a transaction id of before a fail-over or restore is compared with ids of after',
    file: `${FRESHNESS}/awaited-write.ts`,
    find: "if (written.generation !== look.log.generation) return 'earlier';",
    replace: '',
    test: POSTGRES_TEST,
    testName: 'a token of before the generation was',
  },
  {
    id: 'token-of-running-transaction',
    title: 'a transaction of which nothing is to be seen is taken for one that wrote nothing, while it runs',
    file: `${FRESHNESS}/awaited-write.ts`,
    find: 'if (found === undefined || !found.isOver) return;',
    replace: 'if (found === undefined) return;',
    test: POSTGRES_TEST,
    testName: 'a transaction that was rolled back',
  },
  {
    id: 'token-parked-is-applied',
    title: 'an event that was parked is taken for applied, since the checkpoint has passed it',
    file: `${FRESHNESS}/token-poll.ts`,
    find: 'if (foundOf(at.look, one.follower.id).isParking) parked.ask(waiter, verdict);',
    replace: 'if (waiter === undefined) parked.ask(waiter, verdict);',
    test: POSTGRES_TEST,
    testName: 'an event that is parked is not taken for applied',
  },
  {
    id: 'token-without-the-relay',
    title: "a write is looked for below the relay's numbers, though the relay has not come to it",
    file: `${FRESHNESS}/awaited-write.ts`,
    find: 'const lane = sentOn ?? this.#laneBeyond(settled, look, hash);',
    replace: 'const lane = sentOn ?? this.#laneBeyond(settled, look, hash) ?? [...saved.keys()][hash % saved.size];',
    test: RELAYED,
    testName: 'a write is applied when the relay has passed it',
  },
  {
    id: 'token-before-the-batch',
    title: 'a write in the batch that is being sent has the numbers of before it',
    file: `${FRESHNESS}/relay-reached.ts`,
    find: 'next: ends?.next[topic] ?? one.next',
    replace: 'next: ends === undefined ? one.next : one.next',
    test: 'packages/memory/test/freshness.test.ts',
    testName: 'while the relay is still sending',
  },
  {
    id: 'token-before-the-number',
    title: 'a partition is reached one record too early',
    file: `${FRESHNESS}/topic-reached.ts`,
    find: 'sequence: next - 1',
    replace: 'sequence: next - 2',
    test: 'packages/subscriptions/src/freshness/topic-reached.test.ts',
  },
  {
    id: 'token-parked-elsewhere',
    title: "who follows here answers for other processes' lanes as well, where an event of the write may be parked",
    file: `${FRESHNESS}/token-poll.ts`,
    find: 'if (found.isParking || here.isParking())',
    replace: 'if (here.isParking())',
    test: PARKED_TEST,
    testName: 'C14 an event is not taken for applied where another process has parked it',
  },
  {
    id: 'token-of-a-lane-just-claimed',
    title: 'a lane counts from its claim on, before it is known what is parked of it',
    file: 'packages/subscriptions/src/following/dealt-places.ts',
    find: 'return new Map(ours.map(([lane, { to }]) => [lane, to]));',
    replace:
      'return new Map([...(void ours, this.#board.snapshot().lanes)].map(({ lane }) => [lane, this.#claims.get(lane)?.done ?? "start"]));',
    test: PARKED_TEST,
    testName: 'C14 nor where it was parked by the owner of before',
  },
  {
    id: 'token-of-a-former-broker',
    title: 'who was moved to the log is asked of its former broker for ever, which may be gone',
    file: `${FRESHNESS}/judged-places.ts`,
    find: 'if (judged.length > 0 || unknown === undefined) return judged;',
    replace: 'if (judged.length === kinds.length || unknown === undefined) return judged;',
    test: 'packages/memory/test/freshness.test.ts',
    testName: 'one that was moved to the log is waited for there',
  },
  {
    id: 'token-asks-every-instance',
    title: "a query of one instance fails while another one's server is away",
    file: 'packages/nestjs/src/request-freshness.ts',
    find: 'if ([...logsOf(token)].every((log) => log === mine)) return token;',
    replace: 'void [mine, logsOf];',
    test: READS_OWN_WRITES,
    testName: 'two instances in one application share the header',
  },
  {
    id: 'token-of-who-has-gone',
    title: 'a client that has gone while a guard thought is waited for',
    file: 'packages/nestjs/src/reads-own-writes.interceptor.ts',
    find: 'if (closing.destroyed) gone.abort();',
    replace: '',
    test: READS_OWN_WRITES,
    testName: 'who has gone before it would wait',
  },
];
