import type { Answer, EventName, History, Invoked, PlannedAppend } from '../history/history.ts';
import type { Instant } from '../../processes/recorder.ts';
import { linesOf } from '../history/history.ts';

/** What became of a call, as far as anybody was told: written, not written, or nobody knows. */
export type Fate = 'written' | 'refused' | 'unknown';

/** One call of `append`, from beginning to end. */
export interface Call {
  readonly id: string;
  readonly tx: string | undefined;
  readonly appends: readonly PlannedAppend[];
  readonly invoked: Invoked;
  readonly answer: Answer | undefined;
  /** Of a failure. */
  readonly code: string | undefined;
  readonly fate: Fate;
  /** When its caller knew its fate; infinite while nobody does. */
  readonly settledAt: Instant;
}

/** All that is known of the calls and their events. */
export interface Fates {
  readonly calls: readonly Call[];
  /** Of events: a call that was sent again gives its events the best of its fates. */
  readonly events: ReadonlyMap<EventName, Fate>;
  /** When an event was first known to be written. */
  readonly writtenAt: ReadonlyMap<EventName, Instant>;
  /** The first call that named an event began at. */
  readonly begunAt: ReadonlyMap<EventName, Instant>;
  /** Events that calls name which are not the same call sent again. */
  readonly shared: ReadonlySet<EventName>;
  /** The calls of a caller's transaction that no savepoint took back, by transaction. */
  readonly transactions: ReadonlyMap<string, readonly Call[]>;
}

interface End {
  readonly type: 'ok' | 'fail' | 'info';
  readonly at: Instant;
}

/** The same for a call that is sent again, and for no other. */
export const signatureOf = ({ appends }: Pick<Call, 'appends'>): string =>
  appends.map(({ stream, ids }) => `${stream}:${ids.join()}`).join(';');

/** Puts together what the processes have told, each for itself. */
export function fatesOf(history: History): Fates {
  const undone = new Map(linesOf(history, 'undo').flatMap(({ calls, at }) => calls.map((call) => [call, at] as const)));
  const ends = new Map<string, End>();
  for (const { tx, type, at } of linesOf(history, 'end')) {
    // Whoever knows counts: a prepared transaction may be ended by another than who lost sight of it.
    if ((ends.get(tx)?.type ?? 'info') === 'info') ends.set(tx, { type, at });
  }
  const outcomes = new Map<
    string,
    { readonly at: Instant; readonly answer?: Answer; readonly type: string; readonly code?: string }
  >();
  const begun: Invoked[] = [];
  for (const line of linesOf(history, 'append')) {
    if (line.type === 'invoke') begun.push(line);
    else outcomes.set(line.call, line);
  }
  const calls = begun.map((invoked): Call => {
    const outcome = outcomes.get(invoked.call);
    const at = outcome?.at ?? Infinity;
    // What stood there already was committed by somebody, whatever becomes of the transaction in which that was learnt.
    const [fate, settledAt] = isOlderThanItsTransaction(invoked, outcome?.answer, begun)
      ? (['written', at] as const)
      : settle(ownFate(invoked, outcome?.answer, outcome?.type), at, undone.get(invoked.call), invoked.tx, ends);
    return {
      id: invoked.call,
      tx: invoked.tx,
      appends: invoked.appends,
      invoked,
      answer: outcome?.answer,
      code: outcome?.code,
      fate,
      settledAt,
    };
  });
  return {
    calls,
    ...eventsOf(calls),
    shared: sharedBy(calls),
    transactions: transactionsOf(calls, new Set(undone.keys())),
  };
}

function isOlderThanItsTransaction(
  { call, tx, appends }: Invoked,
  answer: Answer | undefined,
  all: readonly Invoked[],
): boolean {
  if (tx === undefined || answer?.kind !== 'appended' || !answer.already) return false;
  const ids = new Set(appends.flatMap((append) => append.ids));
  const isOfThese = (other: Invoked): boolean => other.appends.some((append) => append.ids.some((id) => ids.has(id)));
  return !all.some((other) => other.tx === tx && other.call !== call && isOfThese(other));
}

/** Of the call by itself, whatever becomes of its transaction. */
function ownFate({ reply }: Invoked, answer: Answer | undefined, type: string | undefined): Fate {
  if (type === undefined || type === 'info') return 'unknown';
  if (answer?.kind === 'appended') return 'written';
  // It was sent twice by the store, since nobody knew, and met its own answer.
  return answer?.kind === 'replied' && answer.reply === reply?.text ? 'written' : 'refused';
}

function settle(
  own: Fate,
  at: Instant,
  undoneAt: Instant | undefined,
  tx: string | undefined,
  ends: ReadonlyMap<string, End>,
): readonly [Fate, Instant] {
  if (undoneAt !== undefined) return ['refused', undoneAt];
  if (tx === undefined) return [own, own === 'unknown' ? Infinity : at];
  if (own === 'refused') return ['refused', at];
  const end = ends.get(tx);
  if (end === undefined || end.type === 'info') return ['unknown', Infinity];
  if (end.type === 'fail') return ['refused', end.at];
  return [own, own === 'unknown' ? Infinity : end.at];
}

function eventsOf(calls: readonly Call[]): Pick<Fates, 'events' | 'writtenAt' | 'begunAt'> {
  const events = new Map<EventName, Fate>();
  const writtenAt = new Map<EventName, Instant>();
  const begunAt = new Map<EventName, Instant>();
  const rank: Record<Fate, number> = { refused: 0, unknown: 1, written: 2 };
  for (const call of calls) {
    for (const id of call.appends.flatMap(({ ids }) => ids)) {
      const known = events.get(id);
      if (known === undefined || rank[call.fate] > rank[known]) events.set(id, call.fate);
      if (call.fate === 'written') writtenAt.set(id, Math.min(call.settledAt, writtenAt.get(id) ?? Infinity));
      begunAt.set(id, Math.min(call.invoked.at, begunAt.get(id) ?? Infinity));
    }
  }
  return { events, writtenAt, begunAt };
}

function sharedBy(calls: readonly Call[]): ReadonlySet<EventName> {
  const owners = new Map<EventName, string>();
  const shared = new Set<EventName>();
  for (const call of calls) {
    const signature = signatureOf(call);
    for (const id of call.appends.flatMap(({ ids }) => ids)) {
      if ((owners.get(id) ?? signature) !== signature) shared.add(id);
      owners.set(id, signature);
    }
  }
  return shared;
}

function transactionsOf(calls: readonly Call[], undone: ReadonlySet<string>): ReadonlyMap<string, readonly Call[]> {
  const inTransactions = calls.filter(({ tx, id }) => tx !== undefined && !undone.has(id));
  return Map.groupBy(inTransactions, ({ tx }) => tx as string);
}
