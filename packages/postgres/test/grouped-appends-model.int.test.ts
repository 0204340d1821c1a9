import type {
  AppendOutcome,
  EventId,
  EventStore,
  Expectation,
  NewReply,
  StreamAppend,
  StreamRef,
  StreamVersion,
} from '@leftfold/core';
import { newEvent, newStream, readStream } from '@leftfold/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';
import { ALWAYS_SHARED, sharingStore } from './sharing-store.ts';

/** One call of a burst, by small numbers: equal numbers are the same stream or key. */
interface Planned {
  readonly stream: number;
  readonly second: number | undefined;
  readonly expect: 'any' | 'absent' | 'present' | number;
  readonly events: number;
  readonly key: number | undefined;
  readonly bad: boolean;
  /** Sends the call before it once more. */
  readonly again: boolean;
}
const STREAMS = 5;
const RUNS = 60;
const planned: fc.Arbitrary<Planned> = fc.record({
  stream: fc.nat(STREAMS - 1),
  second: fc.option(fc.nat(STREAMS - 1), { nil: undefined, freq: 8 }),
  expect: fc.oneof(
    { weight: 4, arbitrary: fc.constant('any' as const) },
    { weight: 2, arbitrary: fc.constantFrom('absent' as const, 'present' as const) },
    { weight: 3, arbitrary: fc.nat(6) },
  ),
  events: fc.integer({ min: 1, max: 3 }),
  key: fc.option(fc.nat(3), { nil: undefined, freq: 3 }),
  bad: fc
    .boolean()
    .chain((first) =>
      first ? fc.boolean().chain((second) => (second ? fc.boolean() : fc.constant(false))) : fc.constant(false),
    ),
  again: fc.constantFrom(false, false, false, false, true),
});

/** A call as it is made, and what became of it. */
interface Made {
  readonly plan: Planned;
  readonly appends: readonly StreamAppend[];
  readonly reply: NewReply | undefined;
  outcome: AppendOutcome | undefined;
}

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

const expectationOf = (plan: Planned): Expectation =>
  typeof plan.expect === 'number' ? (BigInt(plan.expect) as StreamVersion) : plan.expect;
const idsOf = ({ events }: StreamAppend): readonly EventId[] => events.map(({ id }) => id);
const versionOf = (outcome: AppendOutcome, nth = 0): number =>
  outcome.kind === 'appended' ? Number(outcome.versions[nth]) : Number.NaN;

function make(plans: readonly Planned[], streams: readonly StreamRef[]): readonly Made[] {
  const made: Made[] = [];
  for (const plan of plans) {
    const before = made.at(-1);
    if (plan.again && before !== undefined && !before.plan.bad) {
      made.push({ ...before, plan: { ...before.plan, again: true }, outcome: undefined });
      continue;
    }
    const append = (stream: number): StreamAppend => ({
      stream: streams[stream] as StreamRef,
      expect: expectationOf(plan),
      events: Array.from({ length: plan.events }, () => newEvent(plan.bad ? { payload: '[' } : {})),
    });
    const isDouble = plan.second !== undefined && plan.second !== plan.stream;
    const reply =
      plan.key === undefined
        ? undefined
        : { tenant: '', key: `${streams[0]?.id} ${plan.key}`, requestHash: '', reply: '1', keepMs: 60_000 };
    made.push({
      plan,
      appends: [append(plan.stream), ...(isDouble ? [append(plan.second)] : [])],
      reply,
      outcome: undefined,
    });
  }
  return made;
}

/** What must hold whatever the order in which calls of different streams took effect. */
async function check(all: readonly Made[], streams: readonly StreamRef[]): Promise<void> {
  const stored = new Map<string, readonly EventId[]>();
  for (const stream of streams) {
    const events = await readStream(log.storage.store, stream);
    expect(events.map(({ streamVersion }) => Number(streamVersion))).toEqual(events.map((_, i) => i + 1));
    const positions = events.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
    stored.set(
      stream.id,
      events.map(({ id }) => id),
    );
  }
  const written = new Set<EventId>();
  for (const { plan, appends, reply, outcome } of all) {
    if (plan.bad) expect(outcome === undefined || outcome.kind === 'replied' || outcome.kind === 'conflict').toBe(true);
    else expect(outcome).toBeDefined();
    if (outcome?.kind !== 'appended') continue;
    for (const [nth, append] of appends.entries()) {
      const [ids, to] = [idsOf(append), versionOf(outcome, nth)];
      expect(stored.get(append.stream.id)?.slice(to - ids.length, to)).toEqual(ids);
      const from = to - ids.length;
      if (append.expect === 'absent') expect(from).toBe(0);
      if (append.expect === 'present') expect(from).toBeGreaterThan(0);
      if (typeof append.expect === 'bigint') expect(from).toBe(Number(append.expect));
      for (const id of ids) written.add(id);
    }
    // Its answer is its own: nobody else was written under this key.
    if (reply !== undefined) expect((await log.storage.store.reply(reply))?.token).toBe(outcome.token);
  }
  for (const { appends, outcome } of all) {
    if (outcome?.kind !== 'conflict') continue;
    const append = appends.find(({ stream }) => stream.id === outcome.stream) as StreamAppend;
    const actual = Number(outcome.actual);
    expect(actual).toBeLessThanOrEqual(stored.get(append.stream.id)?.length ?? 0);
    if (append.expect === 'absent') expect(actual).toBeGreaterThan(0);
    if (append.expect === 'present') expect(actual).toBe(0);
    if (typeof append.expect === 'bigint') expect(actual).not.toBe(Number(append.expect));
    expect(append.expect).not.toBe('any');
  }
  // Nothing stands there that nobody was told of.
  expect([...stored.values()].flat().toSorted()).toEqual([...written].toSorted());
}

/** The kinds of outcome if the calls had come one after the other. */
function serially(all: readonly Made[]): readonly string[] {
  const versions = new Map<string, number>();
  const answered = new Set<string>();
  const known = new Map<EventId, true>();
  return all.map(({ plan, appends, reply }) => {
    // Whatever else is in its way: parameters are read first.
    if (plan.bad) return 'refused';
    if (reply !== undefined && answered.has(reply.key)) return 'replied';
    if (appends.every((append) => idsOf(append).every((id) => known.has(id)))) return 'appended already';
    for (const { stream, expect } of appends) {
      const at = versions.get(stream.id) ?? 0;
      const holds =
        expect === 'any' || (expect === 'absent' ? at === 0 : expect === 'present' ? at > 0 : Number(expect) === at);
      if (!holds) return 'conflict';
    }
    if (reply !== undefined) answered.add(reply.key);
    for (const append of appends) {
      versions.set(append.stream.id, (versions.get(append.stream.id) ?? 0) + append.events.length);
      for (const id of idsOf(append)) known.set(id, true);
    }
    return 'appended';
  });
}

const kindOf = ({ plan, outcome }: Made): string => {
  // One that was certain to be refused by its version was not sent, so nobody saw that it is no JSON.
  if (outcome === undefined || plan.bad) return 'refused';
  return outcome.kind === 'appended' && outcome.already ? 'appended already' : outcome.kind;
};

async function run(store: EventStore, all: readonly Made[]): Promise<void> {
  await Promise.all(
    all.map(async (made) => {
      const options = made.reply === undefined ? {} : { reply: made.reply };
      made.outcome = await store.append(made.appends, options).catch((error: unknown) => {
        // Only one that is no JSON may be refused.
        if (!made.plan.bad) throw error;
        return undefined;
      });
    }),
  );
}

const paces = [ALWAYS_SHARED, { ...ALWAYS_SHARED, groups: 1, fewest: 1_000 }, undefined];

test('a burst of mixed appends leaves a log that is dense and in order, and tells each the truth', async () => {
  const stores = paces.map((pace) => sharingStore(log.pool, pace && { pace }).store);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(planned, fc.nat(stores.length - 1)), { minLength: 1, maxLength: 40 }),
      async (plans) => {
        const streams = Array.from({ length: STREAMS }, () => newStream());
        const all = make(
          plans.map(([plan]) => plan),
          streams,
        );
        await Promise.all(
          stores.map((store, i) =>
            run(
              store,
              all.filter((_, n) => plans[n]?.[1] === i),
            ),
          ),
        );
        await check(all, streams);
      },
    ),
    { numRuns: RUNS },
  );
});

test('appends of one stream each have the outcomes they would have had one after the other', async () => {
  const stores = paces.map((pace) => sharingStore(log.pool, pace && { pace }).store);
  await fc.assert(
    fc.asyncProperty(
      fc.array(planned, { minLength: 1, maxLength: 40 }),
      fc.nat(stores.length - 1),
      async (plans, which) => {
        const streams = Array.from({ length: STREAMS }, () => newStream());
        // A key of each stream's own: which of two streams is first is nobody's promise.
        const all = make(
          plans.map((plan) => ({
            ...plan,
            second: undefined,
            key: plan.key === undefined ? undefined : plan.key * STREAMS + plan.stream,
          })),
          streams,
        );
        const expected = serially(all);
        const store = stores[which] as (typeof stores)[0];
        await run(store, all);
        expect(all.map(kindOf)).toEqual(expected);
        await check(all, streams);
      },
    ),
    { numRuns: RUNS },
  );
});
