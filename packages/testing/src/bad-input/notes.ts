import { aggregate, event, repository, t } from '@leftfold/core';
import type { CommandOptions, EventStore, Loaded, Receipt, StreamId } from '@leftfold/core';

/** What every field of a note takes. */
export const GOOD: { readonly [field: string]: unknown } = {
  text: 'a',
  count: 1,
  big: 1n,
  ratio: 0.5,
  at: new Date(0),
  raw: Uint8Array.of(1),
  items: ['a'],
  more: { a: 'b' },
  inner: { note: 'n' },
};

/** Entities that take anything for a note: what they decide is checked when it is recorded. */
export interface Notes {
  add(id: string, input: unknown, options?: CommandOptions): Promise<Receipt<undefined>>;
  addMany(id: string, count: number, options?: CommandOptions): Promise<Receipt<undefined>>;
  load(id: string): Promise<Loaded<{ readonly notes: number }>>;
  history(id: string): AsyncIterable<{ readonly stream: { readonly id: StreamId; readonly key: string } }>;
}

/** Notes in a store. */
export function notesIn(store: EventStore): Notes {
  const noted = event('conformance.note.noted', {
    text: t.string(),
    count: t.integer(),
    big: t.long(),
    ratio: t.double(),
    at: t.timestampMillis(),
    raw: t.bytes(),
    items: t.array(t.string()),
    more: t.map(t.string()),
    inner: t.nullable(t.record('Inner', { note: t.string() })),
  });
  const good = GOOD as Parameters<typeof noted>[0];
  const note = aggregate('conformance.note', { events: { noted }, initial: () => ({ notes: 0 }) })
    .evolve({ noted: ({ notes }) => ({ notes: notes + 1 }) })
    .decide({
      add: (_state, input: unknown) => [noted({ ...good, ...(input as object) })],
      addMany: (_state, count: number) => Array.from({ length: count }, () => noted(good)),
    });
  return repository(note, store);
}
