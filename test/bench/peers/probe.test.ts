import { expect, test } from 'vitest';
import { probe, type ProbedEvent, type ProbedStore } from './probe.ts';

interface Stored extends ProbedEvent {
  readonly position: number;
  readonly transaction: number;
  committed: boolean;
}

/** What may be wrong with a store; each names the hazard that the probe must tell. */
interface Fault {
  /** L7, L8: the version is read, and what was read is trusted a moment later. */
  readonly reads?: boolean;
  /** L8: "must not exist" is no expectation at all. */
  readonly ignoresAbsent?: boolean;
  /** L1: the reader asks for positions above the last one. */
  readonly cursor?: boolean;
  /** L4: the reader orders by transaction. */
  readonly byTransaction?: boolean;
  /** The loser of a race is told that it won. */
  readonly lies?: boolean;
}

const moment = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A store in memory whose appends take a while, so that they overlap. */
function store(fault: Fault): ProbedStore {
  const log: Stored[] = [];
  const streams = new Map<string, Stored[]>();
  let transactions = 0;
  const eventsOf = (stream: string): readonly Stored[] => streams.get(stream) ?? [];
  const fits = (stream: string, expected: bigint | 'none' | 'any'): boolean => {
    if (expected === 'any' || (expected === 'none' && fault.ignoresAbsent === true)) return true;
    return BigInt(eventsOf(stream).length) === (expected === 'none' ? 0n : expected);
  };
  const add = (stream: string, id: string, transaction: number): Stored => {
    const event = { id, stream, position: log.length + 1, transaction, committed: false };
    log.push(event);
    streams.set(stream, [...eventsOf(stream), event]);
    return event;
  };
  return {
    append: async (stream, expected, id) => {
      const fitted = fits(stream, expected);
      await moment();
      if (!(fault.reads === true ? fitted : fits(stream, expected)))
        return fault.lies === true ? 'appended' : 'conflict';
      const event = add(stream, id, ++transactions);
      // Some commit later than others that drew their place after them.
      if (expected === 'any' && event.position % 7 === 0) await moment();
      event.committed = true;
      return 'appended';
    },
    read: (stream) => Promise.resolve(eventsOf(stream).map(({ id }) => id)),
    reader: (page) => {
      const seen = new Set<Stored>();
      let last = 0;
      return {
        next: async () => {
          await moment();
          const fresh = log.filter(
            (event) => event.committed && (fault.cursor === true ? event.position > last : !seen.has(event)),
          );
          if (fault.byTransaction === true) fresh.sort((a, b) => a.transaction - b.transaction);
          const given =
            fault.cursor === true ? fresh.slice(0, page) : inOrder(fresh, seen, eventsOf, fault).slice(0, page);
          for (const event of given) seen.add(event);
          last = given.at(-1)?.position ?? last;
          return given;
        },
      };
    },
    transaction: () => {
      const own: Stored[] = [];
      const transaction = ++transactions;
      return Promise.resolve({
        touch: () => Promise.resolve(),
        append: (stream, id) => Promise.resolve(void own.push(add(stream, id, transaction))),
        commit: () => Promise.resolve(own.forEach((event) => void (event.committed = true))),
      });
    },
  };
}

/** Without what comes after an event of its stream that is not committed: writers of a stream wait for each other in a sound store. */
function inOrder(
  fresh: readonly Stored[],
  seen: ReadonlySet<Stored>,
  eventsOf: (stream: string) => readonly Stored[],
  fault: Fault,
): readonly Stored[] {
  if (fault.byTransaction === true) return fresh;
  const given = new Set(seen);
  return fresh.filter((event) => {
    const before = eventsOf(event.stream);
    const place = before.indexOf(event);
    const previous = before[place - 1];
    if (previous !== undefined && !given.has(previous)) return false;
    given.add(event);
    return true;
  });
}

let ids = 0;
const newId = (): string => `id${ids++}`;

test('a sound store passes', async () => {
  expect(await probe(store({}), newId)).toEqual([]);
});

test.each<[string, Fault, RegExp]>([
  [
    'L7 and L8: a version that is read and then trusted',
    { reads: true },
    /^L7: exact version expected by 16 at once: 16/,
  ],
  [
    'L8: "must not exist" that is not looked at',
    { ignoresAbsent: true },
    /^L8: "must not exist" let a second append pass/,
  ],
  ['an acknowledged event that was never written', { lies: true }, /an acknowledged event is gone/],
  ['L1: a reader that remembers the highest position', { cursor: true }, /^L1: 1 of 2 events were never read/],
  ['L1 and L3: the same under load', { cursor: true }, /^L1, L3: \d+ of 2000 events were never read/],
  ['L4: a reader that orders by transaction', { byTransaction: true }, /^L4: version 2 was read before version 1/],
])('the probe finds %s', async (_, fault, sentence) => {
  const findings = await probe(store(fault), newId);
  expect(findings.filter((finding) => sentence.test(finding))).not.toEqual([]);
});
