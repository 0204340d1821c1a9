import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, EventStore, NewEvent } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import type { RowChange } from '@leftfold/subscriptions';
import { virtualTime } from './virtual-time.ts';

// A small bank for schedules: each event has a number, and each can be made to fail.

const opened = event('sim.account.opened', { n: t.int(), owner: t.string() });
const credited = event('sim.account.credited', { n: t.int(), owner: t.string() });
/** Belongs to two rows of owners. */
const shared = event('sim.account.shared', { n: t.int(), owner: t.string(), other: t.string() });

/** What a fold takes. */
const FOLD_MS = 1;

/** Which events cannot be applied at present, by projection and number: `fold` throws, or the table refuses the row whose last event it is. */
export const illness: {
  readonly folds: Set<string>;
  readonly writes: Set<string>;
} = { folds: new Set(), writes: new Set() };
function examine(projected: string, n: number): void {
  virtualTime.pass(FOLD_MS);
  if (illness.folds.has(`${projected} ${n}`)) throw new Error(`${projected} cannot fold ${n}`);
}
export const refuses = ({ row }: RowChange): boolean =>
  row !== null && illness.writes.has(`${'steps' in row ? 'accounts' : 'owners'} ${row['last'] as number}`);

/** Rows of one stream: each event must come exactly once, and in order. */
export const accounts = projection('accounts', {
  version: 1,
  key: 'id',
  row: { id: t.string(), steps: t.string(), last: t.int() },
})
  .insert(opened, ({ data: { n }, stream }) => (examine('accounts', n), { id: stream.key, steps: `${n}`, last: n }))
  .update(credited, (row, { data: { n } }) => (examine('accounts', n), { steps: `${row.steps} ${n}`, last: n }))
  .update(shared, (row, { data: { n } }) => (examine('accounts', n), { steps: `${row.steps} ${n}`, last: n }));

interface Owner {
  readonly owner: string;
  readonly events: number;
  readonly sum: number;
  readonly last: number;
}
function plus(row: Owner | undefined, owner: string, n: number): Owner {
  examine('owners', n);
  return { owner, events: (row?.events ?? 0) + 1, sum: (row?.sum ?? 0) + n, last: n };
}
/** Rows that many streams feed: an event that counts twice, or not at all, shows. */
export const owners = projection('owners', {
  version: 1,
  key: 'owner',
  row: { owner: t.string(), events: t.int(), sum: t.int(), last: t.int() },
  order: 'any',
})
  .upsert(opened, { by: 'owner' }, (row, { data }) => plus(row, data.owner, data.n))
  .upsert(credited, { by: 'owner' }, (row, { data }) => plus(row, data.owner, data.n))
  .upsert(
    shared,
    { by: ({ data }) => [data.owner, data.other] },
    // Which of the two it is about only the row knows, so both are there from the first day on.
    (row, { data }) => plus(row, row?.owner ?? '', data.n),
  );

const TYPES = [opened, credited, shared];
const NAMES = ['ann', 'bob', 'cem'] as const;

/** What was appended, and what must come of it: made without the framework. */
export class Bank {
  readonly #store: EventStore;
  readonly #accounts = new Map<string, number[]>();
  readonly #owners = new Map<string, number[]>();
  readonly #opening = new Set<number>();
  readonly #numbers = new Map<EventId, number>();
  #n = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  get events(): number {
    return this.#n;
  }
  numberOf(id: EventId): number | undefined {
    return this.#numbers.get(id);
  }
  /** Whether all later ones of its account stand on it. */
  isOpening(n: number): boolean {
    return this.#opening.has(n);
  }
  /** An account for each owner. */
  async found(): Promise<void> {
    for (const owner of NAMES) {
      this.#n += 1;
      await this.#append(`first-${owner}`, opened({ n: this.#n, owner }), this.#n, [owner]);
    }
  }
  /** Appends one event. @param draw from 0 to one below. @returns its number */
  async append(draw: (below: number) => number): Promise<number> {
    this.#n += 1;
    const n = this.#n;
    const id = `a${draw(4)}`;
    const owner = NAMES[draw(NAMES.length)] ?? 'ann';
    const other = NAMES[(NAMES.indexOf(owner) + 1 + draw(2)) % NAMES.length] ?? 'ann';
    if (!this.#accounts.has(id)) await this.#append(id, opened({ n, owner }), n, [owner]);
    else if (draw(4) === 0) await this.#append(id, shared({ n, owner, other }), n, [owner, other]);
    else await this.#append(id, credited({ n, owner }), n, [owner]);
    return n;
  }
  async #append(id: string, happened: NewEvent, n: number, ofOwners: readonly string[]): Promise<void> {
    if (!this.#accounts.has(id)) this.#opening.add(n);
    this.#accounts.set(id, [...(this.#accounts.get(id) ?? []), n]);
    for (const owner of ofOwners) this.#owners.set(owner, [...(this.#owners.get(owner) ?? []), n]);
    const type = TYPES.find((one) => one.type === happened.type) ?? opened;
    const eventId = uuidV7() as EventId;
    this.#numbers.set(eventId, n);
    const encoded = encodeEvent(type, happened, eventId, { correlationId: 'sim' });
    await this.#store.append([{ stream: streamRef('sim.account', id, ''), expect: 'any', events: [encoded] }]);
  }
  /** Drops an event from what must come of all, in one projection: it is discarded there. */
  forget(projected: string, n: number): void {
    const of = projected === 'accounts' ? this.#accounts : this.#owners;
    for (const [key, numbers] of of) {
      const left = numbers.filter((one) => one !== n);
      of.set(key, left);
    }
  }

  get expectedAccounts(): readonly object[] {
    return [...this.#accounts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, steps]) => ({ id, steps: steps.join(' ') }));
  }
  get expectedOwners(): readonly object[] {
    return [...this.#owners]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([owner, of]) => ({ owner, events: of.length, sum: of.reduce((sum, n) => sum + n, 0) }));
  }
}
