import type { Mutant } from './mutant.ts';

const PROJECTION = 'packages/subscriptions/src/projection';
const MEMORY = 'packages/memory/src';
/** Random schedules of the real loop, with crashes between any two steps. `LEFTFOLD_SCHEDULES` says how many; a broken loop needs few. */
const schedules = {
  test: 'packages/memory/test/projector-schedules.test.ts',
  testName: 'C1 C4 C6 C15 in',
};

/** Breaks of the projector's loop and of what guards it, as they have shipped elsewhere. */
export const projectionMutants: readonly Mutant[] = [
  {
    id: 'projections-checkpoint-before-effect',
    title: 'C4 the checkpoint is saved before the effect, in a transaction of its own',
    file: `${PROJECTION}/deal-batch.ts`,
    find: 'const gate = await storage.readModels.transaction(owned.claim, { from: owned.saved, to, ledger }, async (tx) => {',
    replace:
      'await owned.save(to, ledger);\n      const gate = await storage.readModels.transaction(owned.claim, { from: to, to, ledger }, async (tx) => {',
    ...schedules,
  },
  {
    id: 'projections-without-epoch',
    title: 'C1 C15 a move is accepted from an owner whose lane was claimed by another',
    file: `${MEMORY}/memory-checkpoints.ts`,
    find: 'return row?.epoch === epoch ? row : undefined;',
    replace: 'return row && epoch > 0n ? row : undefined;',
    ...schedules,
  },
  {
    id: 'projections-epoch-not-equal',
    title: 'C1 C15 an epoch is compared by at most, not by the same',
    file: `${MEMORY}/memory-checkpoints.ts`,
    find: 'return row?.epoch === epoch ? row : undefined;',
    replace: 'return row && row.epoch >= epoch ? row : undefined;',
    ...schedules,
  },
  {
    id: 'projections-any-place',
    title: 'C4 a move is accepted from another place than the saved one: what was committed unheard is applied again',
    file: `${MEMORY}/memory-checkpoints.ts`,
    find: 'if (row === undefined || row.cursor !== from)',
    replace: 'if (row === undefined || from.length === 0)',
    also: [
      {
        file: 'packages/subscriptions/src/following/lane-claims.ts',
        find: 'before?.lose();',
        replace: 'void before;',
      },
    ],
    ...schedules,
  },
  {
    id: 'projections-drain-without-owner',
    title: 'C15 what is parked is drained by who was the owner',
    file: `${MEMORY}/memory-checkpoints.ts`,
    find: 'const row = this.#owned(claim);\n    if (row === undefined || row.cursor !== from)',
    replace:
      'const row = from === to ? this.#lanes(claim.follower).get(claim.lane) : this.#owned(claim);\n    if (row === undefined || row.cursor !== from)',
    ...schedules,
  },
  {
    id: 'projections-parked-unknown',
    title: 'C15 C6 a new owner does not ask what is parked',
    file: `${PROJECTION}/projector-lane.ts`,
    find: 'new HeldKeys(await terms.storage.parked.keys(owned.claim))',
    replace: 'new HeldKeys([])',
    ...schedules,
  },
  {
    id: 'projections-drain-beside-a-batch',
    title: 'C15 a parked key is drained while a batch adds to it',
    file: 'packages/subscriptions/src/following/tending.ts',
    find: 'isMore = await owned.hold(() => {',
    replace: 'isMore = await (async (work: () => Promise<boolean>) => work())(() => {',
    ...schedules,
  },
  {
    id: 'projections-drain-uncertain',
    title: 'C15 a drain whose answer was lost is taken for one that did not happen',
    file: `${PROJECTION}/projector-lane.ts`,
    find: 'this.#uncertain = next;',
    replace: 'void next;',
    ...schedules,
  },
  {
    id: 'projections-skipped',
    title: 'C6 an event that cannot be applied is skipped',
    file: `${PROJECTION}/batch-gate.ts`,
    find: 'this.#park(record, key, record.keep(), causeOf(error), before + 1);',
    replace: 'void [causeOf, before];',
    ...schedules,
  },
  {
    id: 'projections-parked-alone',
    title: 'C6 an event is parked, and the later ones of its key are applied',
    file: `${PROJECTION}/batch-gate.ts`,
    find: 'if (waiting === undefined && !isWithheld) return true;',
    replace: 'if (!isWithheld) return true;',
    ...schedules,
  },
  {
    id: 'projections-parked-before-commit',
    title: 'C15 a key counts as parked though the transaction that parks it was rolled back',
    file: `${PROJECTION}/batch-gate.ts`,
    find: 'this.held = held.over();',
    replace: 'this.held = held;',
    ...schedules,
  },
  {
    id: 'projections-unparked-too-early',
    title: 'C6 C15 a key is live again after a retry that failed',
    file: `${PROJECTION}/drain-key.ts`,
    find: 'const isLive = last !== undefined && (await tx.parked.drop(key, last.parked.n));',
    replace: 'const isLive = last === undefined || (await tx.parked.drop(key, last.parked.n), true);',
    ...schedules,
  },
  {
    id: 'projections-refused-whole',
    title: 'C5 where one write is refused the whole batch is parked',
    file: `${PROJECTION}/apply-carefully.ts`,
    find: 'if (events.length === 1) return gate.failed(first, error);',
    replace: 'if (events.length >= 1) return events.forEach((event) => gate.failed(event, error));',
    test: 'packages/postgres/test/parked-keys.int.test.ts',
    testName: 'C5 C6 C15',
  },
];
