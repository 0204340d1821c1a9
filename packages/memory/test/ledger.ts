import { aggregate, event, t } from '@leftfold/core';
import type { EventStore, Snapshots, StateSnapshot, StreamRef } from '@leftfold/core';

// A ledger, for the tests of snapshots and caches: its state shows the order of its events.

export const noted = event('books.ledger.noted', { line: t.string() }).version(
  2,
  { line: t.string(), cents: t.integer() },
  { up: ({ line }) => ({ line, cents: 0 }) },
);
export const counted = event('books.ledger.counted', { by: t.string() });

export interface Ledger {
  readonly lines: readonly string[];
  readonly cents: number;
  readonly counts: { readonly [by: string]: number };
}
export const LedgerState = t.record('LedgerState', {
  lines: t.array(t.string()),
  cents: t.integer(),
  counts: t.map(t.int()),
});

/** A ledger with snapshots every so many events, or with none. */
export function ledgerWith(snapshot?: { readonly every: number; readonly version?: number }) {
  return aggregate('books.ledger', {
    events: { noted, counted },
    initial: (): Ledger => ({ lines: [], cents: 0, counts: {} }),
    refusals: { EMPTY: 'There is nothing in {id}' },
    ...(snapshot && { snapshot: { every: snapshot.every, version: snapshot.version ?? 1, state: LedgerState } }),
  })
    .evolve({
      noted: (ledger, { line, cents }) => ({ ...ledger, lines: [...ledger.lines, line], cents: ledger.cents + cents }),
      counted: (ledger, { by }) => ({ ...ledger, counts: { ...ledger.counts, [by]: (ledger.counts[by] ?? 0) + 1 } }),
    })
    .decide({
      note: (_, lines: readonly string[]) => lines.map((line) => noted({ line, cents: line.length })),
      count: (ledger, { by }: { readonly by: string }, { id, refuse }) => {
        if (ledger.lines.length === 0) throw refuse('EMPTY', { id });
        return { events: [counted({ by })], result: ledger.lines.length };
      },
    });
}

/** The same store as another process has it, with queues and bounds of its own; it notes what is read and which snapshots are saved. */
export class Aside implements EventStore {
  readonly reads: { readonly after: bigint; readonly events: number }[] = [];
  readonly saved: (StateSnapshot & { readonly stream: string; readonly key: string })[] = [];
  readonly read: EventStore['read'];
  readonly append: EventStore['append'];
  readonly reply: EventStore['reply'];
  readonly snapshots: Snapshots;

  constructor(store: EventStore, own: Partial<EventStore> = {}) {
    const inner = { snapshots: store.snapshots as Snapshots, read: store.read.bind(store), ...own };
    this.append = inner.append ?? ((appends, options) => store.append(appends, options));
    this.reply = (key, options) => store.reply(key, options);
    const noteRead = (after: bigint, events: number): void => void this.reads.push({ after, events });
    this.read = async function* read(stream, options) {
      let events = 0;
      for await (const page of inner.read(stream, options)) {
        events += page.length;
        yield page;
      }
      noteRead(options?.after ?? 0n, events);
    };
    this.snapshots = {
      find: (...of) => inner.snapshots.find(...of),
      save: async (stream: StreamRef, key, snapshot) => {
        this.saved.push({ ...snapshot, stream: stream.id, key });
        await inner.snapshots.save(stream, key, snapshot);
      },
    };
  }
}
