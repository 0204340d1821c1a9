import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogPlace } from '../log/log-place.ts';
import { advanced, covers, EMPTY, isVisible, type Snapshot } from '../log/snapshot.ts';
import { planRebase, xidRanges, type RebasePlan } from './rebase-plan.ts';

interface Event {
  readonly xid: bigint;
  readonly position: bigint;
  readonly stream: number;
  readonly version: number;
}

/** As much of a cluster as transaction ids, streams' locks and a sequence are. */
class Cluster {
  events: Event[];
  readonly #open = new Map<number, { readonly xid: bigint; readonly written: Event[] }>();
  #nextXid: bigint;
  #position: bigint;

  constructor(nextXid: bigint, events: readonly Event[] = []) {
    this.#nextXid = nextXid;
    this.events = [...events];
    this.#position = events.reduce((most, { position }) => (position > most ? position : most), 0n);
  }

  /** In the transaction of a session, which begins with it if it has none; not while another one holds the stream. */
  append(session: number, stream: number): void {
    const holder = [...this.#open].find(([, { written }]) => written.some((event) => event.stream === stream));
    if (holder !== undefined && holder[0] !== session) return;
    const tx = this.#open.get(session) ?? { xid: this.#nextXid++, written: [] };
    this.#open.set(session, tx);
    const version = [...this.events, ...tx.written].filter((event) => event.stream === stream).length + 1;
    tx.written.push({ xid: tx.xid, position: ++this.#position, stream, version });
  }

  end(session: number, commits: boolean): void {
    if (commits) this.events.push(...(this.#open.get(session)?.written ?? []));
    this.#open.delete(session);
  }

  /** A transaction of somebody else's. */
  pass(): void {
    this.#nextXid += 1n;
  }

  snapshot(): Snapshot {
    const running = [...this.#open.values()].map(({ xid }) => xid).toSorted((a, b) => Number(a - b));
    return { xmax: this.#nextXid, running };
  }
}

/** Reads as the log is read, by places alone. */
class Follower {
  place: LogPlace = { from: EMPTY, position: 0n };
  readonly got: Event[] = [];

  read(cluster: Cluster, most: number): void {
    this.open(cluster);
    const { from, to = from, position } = this.place;
    const rest = windowOf(cluster.events, from, to).filter((event) => event.position > position);
    const page = rest.slice(0, most);
    this.got.push(...page);
    const last = page.at(-1);
    const isLast = last === undefined || page.length === rest.length;
    this.place = isLast ? { from: to, position: 0n } : { from, to, position: last.position };
  }

  /** Only opens the window, as a relay does before it sends. */
  open(cluster: Cluster): void {
    const now = cluster.snapshot();
    const visible = cluster.events.filter(({ xid }) => isVisible(now, xid) && xid >= this.place.from.xmax);
    const highest = visible.reduce<bigint | undefined>(
      (most, { xid }) => (most === undefined || xid > most ? xid : most),
      undefined,
    );
    this.place = { ...this.place, to: this.place.to ?? advanced(this.place.from, now, highest) };
  }

  toEnd(cluster: Cluster): void {
    // Each page but the last of a window has events, and there are no more windows than that.
    for (let page = 0; page <= 2 * cluster.events.length; page++) this.read(cluster, 3);
  }
}

const windowOf = (events: readonly Event[], from: Snapshot, to: Snapshot): readonly Event[] =>
  events
    .filter(({ xid }) => isVisible(to, xid) && !isVisible(from, xid))
    .toSorted((a, b) => Number(a.position - b.position));

const FOLLOWERS = 4;
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), session: fc.nat(5), stream: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), session: fc.nat(5), commits: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      who: fc.nat(FOLLOWERS - 1),
      most: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('open' as const), who: fc.nat(FOLLOWERS - 1) }) },
);
const history = (minLength: number, maxLength: number) => fc.array(operation, { minLength, maxLength, size: 'max' });
type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never;

function run(operations: readonly Operation[], cluster: Cluster, followers: readonly Follower[]): void {
  for (const each of operations) {
    if (each.kind === 'append') cluster.append(each.session, each.stream);
    else if (each.kind === 'end') cluster.end(each.session, each.commits);
    else if (each.kind === 'pass') cluster.pass();
    else if (each.kind === 'read') followers[each.who]?.read(cluster, each.most);
    else followers[each.who]?.open(cluster);
  }
}

function planned(events: readonly Event[], places: readonly LogPlace[]): RebasePlan {
  const counted = xidRanges(places).map(({ low, high }) => {
    const count = events.filter(({ xid }) => xid >= low && xid <= high).length;
    return { low, high, events: BigInt(count) };
  });
  return planRebase(places, counted);
}

function renumbered(events: readonly Event[], { most, others }: RebasePlan): readonly Event[] {
  return events.map((event) => {
    const other = others.find(({ range }) => range.low <= event.xid && event.xid <= range.high);
    return { ...event, xid: other?.xid ?? most };
  });
}

const nameOf = ({ stream, version }: Event): string => `${stream}@${version}`;

test('L6 after a rebase every follower gets exactly what it had not got, each stream in order, and an opened window holds what it held', () => {
  fc.assert(
    fc.property(history(60, 140), history(0, 40), fc.integer({ min: 20, max: 2_000 }), (before, after, oldXid) => {
      const old = new Cluster(BigInt(oldXid));
      const followers = Array.from({ length: FOLLOWERS }, () => new Follower());
      run(before, old, followers);

      // What was not committed is in no dump.
      const plan = planned(
        old.events,
        followers.map(({ place }) => place),
      );
      const events = renumbered(old.events, plan);
      // The youngest cluster there can be.
      const young = new Cluster(plan.next, events);
      for (const follower of followers) {
        const { from, to, position } = follower.place;
        const opened = to && windowOf(old.events, from, to).map(nameOf);
        follower.place = plan.placeOf(follower.place);
        expect(follower.place.position).toBe(position);
        if (follower.place.to === undefined) continue;
        expect(windowOf(events, follower.place.from, follower.place.to).map(nameOf)).toEqual(opened);
        expect(covers(follower.place.to, follower.place.from)).toBe(true);
      }
      run(after, young, followers);
      for (const session of [0, 1, 2, 3, 4, 5]) young.end(session, true);

      for (const follower of followers) {
        follower.toEnd(young);
        const got = follower.got.map(nameOf);
        expect(got.toSorted()).toEqual(young.events.map(nameOf).toSorted());
        for (const stream of [0, 1, 2, 3]) {
          const versions = follower.got.filter((event) => event.stream === stream).map(({ version }) => version);
          expect(versions).toEqual(versions.map((_, i) => i + 1));
        }
      }
    }),
    { numRuns: 300 },
  );
});

const snapshot = (xmax: number, ...running: number[]): Snapshot => ({
  xmax: BigInt(xmax),
  running: running.map(BigInt),
});
const count = (low: number, high: number, events: number) => ({
  low: BigInt(low),
  high: BigInt(high),
  events: BigInt(events),
});

test('only the events that some follower has yet to get are written anew', () => {
  const places = [
    { from: snapshot(900), position: 0n },
    { from: snapshot(950, 920), to: snapshot(960), position: 7n },
  ];
  const counted = xidRanges(places).map(({ low, high }) => ({ low, high, events: low === 0n ? 1_000_000n : 2n }));
  const { most, others, next, placeOf } = planRebase(places, counted);
  expect(most).toBe(3n);
  expect(others.map(({ range }) => range.low)).not.toContain(0n);
  expect(others.length).toBe(counted.length - 1);
  // Seen by both · by the second · in the window of the second · by none.
  expect(next).toBe(7n);
  expect(placeOf({ from: snapshot(900), position: 0n })).toEqual({ from: snapshot(4), position: 0n });
});

test('where a follower is far behind, what it has got is written anew instead, if that is less', () => {
  const [place] = [{ from: snapshot(100), position: 0n }];
  const { others, placeOf } = planRebase([place], [count(0, 99, 10), { ...count(100, 0, 90), high: 2n ** 64n - 1n }]);
  expect(others).toEqual([{ range: { low: 0n, high: 99n }, xid: 4n }]);
  expect(placeOf(place)).toEqual({ from: snapshot(5, 3), position: 0n });
});

test('a log without events, or without followers, needs no ids but the default', () => {
  const place = { from: snapshot(900, 7), to: snapshot(901), position: 3n };
  const empty = planRebase(
    [place],
    xidRanges([place]).map((range) => ({ ...range, events: 0n })),
  );
  expect(empty.next).toBe(3n);
  expect(empty.placeOf(place)).toEqual({ from: EMPTY, to: EMPTY, position: 3n });
  expect(
    planRebase(
      [],
      xidRanges([]).map((range) => ({ ...range, events: 9n })),
    ),
  ).toMatchObject({ others: [], next: 4n });
});

test('the ranges leave no id out and none twice', () => {
  const ranges = xidRanges([{ from: snapshot(20, 5, 6, 19), to: snapshot(20), position: 0n }]);
  expect(ranges[0]?.low).toBe(0n);
  expect(ranges.at(-1)?.high).toBe(2n ** 64n - 1n);
  for (const [i, { low, high }] of ranges.entries()) {
    expect(high >= low).toBe(true);
    if (i > 0) expect(low).toBe((ranges[i - 1]?.high ?? 0n) + 1n);
  }
});
