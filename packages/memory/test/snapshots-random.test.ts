import { setImmediate as turn } from 'node:timers/promises';
import { decodePayload, repository, streamRef, uuidV7, versionsOf } from '@leftfold/core';
import type { EncodedEvent, EventId, EventStore, Snapshots, StateSnapshot } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Aside, ledgerWith, LedgerState, noted } from './ledger.ts';

const KEYS = ['l-1', 'l-2', 'l-3'];
const plain = ledgerWith();
const line = fc.string({ maxLength: 4 }).filter((text) => text.isWellFormed() && !text.includes('\0'));

/** What one of the processes does, or what befalls the log. */
const step = fc.oneof(
  { weight: 9, arbitrary: fc.record({ by: fc.nat({ max: 3 }), of: fc.constantFrom(...KEYS), notes: fc.array(line) }) },
  // Names that an object would put first, or that sort otherwise elsewhere.
  {
    weight: 5,
    arbitrary: fc.record({
      by: fc.nat({ max: 3 }),
      of: fc.constantFrom(...KEYS),
      count: fc.constantFrom('10', '9', 'é', 'Z', 'a'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ of: fc.constantFrom(...KEYS), old: line }) },
  { weight: 3, arbitrary: fc.record({ by: fc.nat({ max: 3 }), of: fc.constantFrom(...KEYS) }) },
  { weight: 1, arbitrary: fc.record({ lost: fc.integer({ min: 1, max: 9 }) }) },
);
const settings = fc.record({
  every: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 40 })),
  versions: fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(1, 2)),
  entries: fc.constantFrom(1, 2, 10),
});

/** A log that can be restored from a backup, while snapshots and caches remember what was lost: worse than any real restore. */
class RestorableStore implements EventStore {
  #current: EventStore = memory().store;
  readonly snapshots: Snapshots = this.#current.snapshots as Snapshots;

  read: EventStore['read'] = (...of) => this.#current.read(...of);
  append: EventStore['append'] = (...of) => this.#current.append(...of);
  reply: EventStore['reply'] = (...of) => this.#current.reply(...of);

  /** Goes on without the last events of each stream. */
  async restore(lost: number): Promise<void> {
    const { store } = memory();
    for (const key of KEYS) {
      const stream = streamRef('books.ledger', key);
      const events: EncodedEvent[] = [];
      for await (const page of this.read(stream)) {
        for (const { id, payload, schema, metadata } of page)
          events.push({ id, payload, schema, private: false, metadata });
      }
      await store.append([{ stream, expect: 'any', events: events.slice(0, Math.max(0, events.length - lost)) }]);
    }
    this.#current = store;
  }
}

/** Writes an event as the first release did. */
async function appendOld(store: EventStore, key: string, text: string): Promise<void> {
  const schema = versionsOf(noted)[0]?.writer as EncodedEvent['schema'];
  const [id, metadata, payload] = [uuidV7() as EventId, { correlationId: 'test' }, JSON.stringify({ line: text })];
  const events: readonly EncodedEvent[] = [{ id, schema, payload, private: false, metadata }];
  await store.append([{ stream: streamRef('books.ledger', key), expect: 'any', events }]);
}

/** A snapshot is the fold of the events up to its version, the last of which has its id. */
async function expectFold(
  store: EventStore,
  { stream, version, lastEvent, state }: StateSnapshot & { readonly stream: string },
) {
  let last: EventId | undefined;
  const prefix = new Aside(store, {
    read: async function* read(of, options) {
      for await (const page of store.read(of, { ...options, upTo: version })) {
        last = page.at(-1)?.id;
        yield page;
      }
    },
  });
  const folded = await repository(plain, prefix).load(stream.slice('books.ledger-'.length));
  expect(decodePayload(LedgerState, state)).toEqual({ value: folded.state });
  expect([folded.version, last]).toEqual([version, lastEvent]);
}

test('with snapshots, with caches or without, in four processes over a log that is restored now and then: every load comes to the same state, and every snapshot is the fold of its prefix', async () => {
  let snapshots = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      settings,
      async (steps, { every, versions, entries }) => {
        const store = new RestorableStore();
        const ledgers = [0, 1].map((index) => ledgerWith({ every: every[index] ?? 1, version: versions[index] ?? 1 }));
        const asides = [0, 1, 2, 3].map(() => new Aside(store));
        const repos = [
          repository(ledgers[0] ?? plain, asides[0] as Aside),
          repository(ledgers[1] ?? plain, asides[1] as Aside, { cache: { entries } }),
          repository(plain, asides[2] as Aside, { cache: { entries } }),
          repository(plain, asides[3] as Aside),
        ];
        const settle = async (): Promise<void> => {
          await turn();
          for (const { saved } of asides)
            for (const snapshot of saved.splice(0)) {
              await expectFold(store, snapshot);
              snapshots += 1;
            }
        };
        for (const one of steps) {
          if ('lost' in one) {
            await settle();
            await store.restore(one.lost);
          } else if ('old' in one) await appendOld(store, one.of, one.old);
          else {
            const repo = repos[one.by] ?? repository(plain, store);
            if ('notes' in one) await repo.note(one.of, one.notes);
            else if ('count' in one) await repo.count(one.of, { by: one.count }).catch(() => undefined);
            else await repo.load(one.of);
          }
        }
        await settle();
        for (const key of KEYS) {
          const whole = await repository(plain, store).load(key);
          for (const repo of repos) expect(await repo.load(key)).toEqual(whole);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(snapshots).toBeGreaterThan(200);
});
