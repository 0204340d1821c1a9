import type { Mutant } from './mutant.ts';

const PARKING = 'packages/subscriptions/src/parking';
const PROJECTION = 'packages/subscriptions/src/projection';
const LOOPS = 'packages/memory/test';

/** Breaks of what is done with events that cannot be applied, beside those that random schedules catch (`projections.ts`). */
export const parkingMutants: readonly Mutant[] = [
  {
    id: 'parking-stream-overtakes',
    title: 'C6 where streams share rows, later events of a stream pass the one that is parked',
    file: `${PARKING}/held-keys.ts`,
    find: 'this.#ofStreams.set(nameOf(key.tenant, stream), key);',
    replace: 'if (key.key.startsWith("stream/")) this.#ofStreams.set(nameOf(key.tenant, stream), key);',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'C6 an event of several rows parks whole',
  },
  {
    id: 'parking-half-of-an-event',
    title: 'C6 of an event of several rows those before the failing one are changed',
    file: `${PROJECTION}/fold-batch.ts`,
    find: 'const folded = touched.map(([{ row }, { key }]) => foldOne(table, handler as RowHandler, key, row, event));',
    replace:
      'const folded = touched.map(([state, { key }]) => Object.assign(state, { row: foldOne(table, handler as RowHandler, key, state.row, event), isTouched: true }).row);',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'C6 an event of several rows parks whole',
  },
  {
    id: 'parking-refused-storage-skips',
    title: 'C7 an event whose parking is refused is passed',
    file: `${PARKING}/parking-refused.ts`,
    find: '    throw new ParkingRefused(error);',
    replace: '    void ParkingRefused;',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'C7 what cannot be parked',
  },
  {
    id: 'parking-of-a-table-that-is-gone',
    title: 'a write that is refused for no event’s sake parks event after event',
    file: `${PROJECTION}/fold-applier.ts`,
    find: '/^(22|23|54|P0)...$/',
    replace: '/^.....$/',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'a write that is refused for no event’s sake',
  },
  {
    id: 'parking-newer-behind-parked',
    title: 'C16 an event newer than the code is parked behind another',
    file: `${PROJECTION}/projector-lane.ts`,
    find: '    refuseNewer(event);\n',
    replace: '    if (this.#held.keyOf(event.record) === undefined) refuseNewer(event);\n',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'C16 an event newer than the code waits, also behind',
  },
  {
    id: 'parking-repeats-one-by-one',
    title: 'of events that fail together each is repeated by itself, while the lane waits',
    file: `${PROJECTION}/batch-gate.ts`,
    find: '      this.#again.push({ event, error });\n',
    replace: '      if (this.#again.length === 0) this.#again.push({ event, error });\n',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'retry repeats an event',
  },
  {
    id: 'parking-edit-forgotten',
    title: 'an event is applied with its own payload, whatever was put in its place',
    file: `${PARKING}/restore-parked.ts`,
    find: 'const record = editedRecord(parked, on);',
    replace: 'const record = editedRecord({ ...parked, edited: undefined as never }, on);',
    test: `${LOOPS}/parking.test.ts`,
    testName: 'a payload is mended through its schema',
  },
  {
    id: 'parking-discards-whatever-is-first',
    title: 'a discard is taken for a retry',
    file: `${PROJECTION}/drain-key.ts`,
    find: "request.kind === 'discard' && request.first === head.n",
    replace: "request.kind === 'discard' && request.first !== head.n",
    test: `${LOOPS}/parking.test.ts`,
    testName: 'an event is discarded by its name',
  },
  {
    id: 'parking-redriven-twice',
    title: 'R15 a redriven event without a place is applied',
    file: `${PROJECTION}/deal-batch.ts`,
    find: '    if (!isSettlement(event)) stretch.push(event);',
    replace: '    if (!isSettlement(event) || gate.held.keyOf(event.record) === undefined) stretch.push(event);',
    test: `${LOOPS}/parking-withheld.test.ts`,
    testName: 'R15 what is redriven and has no place',
  },
  {
    id: 'parking-mark-of-the-same-batch',
    title: 'R15 a redriven event is left out where its mark came in the same batch',
    file: `${PROJECTION}/projector-lane.ts`,
    find: "this.#held.size > 0 || events.some(({ record: { mark } }) => mark?.kind === 'withheld')",
    replace: 'this.#held.size > 0',
    test: `${LOOPS}/parking-withheld.test.ts`,
    testName: 'R15 what was redriven is applied in its place',
  },
  {
    id: 'parking-asks-for-nothing',
    title: 'requests are looked for though nothing is parked',
    file: `${PROJECTION}/projector-lane.ts`,
    find: "if (this.#held.size === 0 || this.#owned.saved === 'start') return false;",
    replace: "if (this.#owned.saved === 'start' && this.#held.size === 0) return false;",
    test: `${LOOPS}/parking.test.ts`,
    testName: 'where nothing is parked',
  },
];
