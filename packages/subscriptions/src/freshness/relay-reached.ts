import type { Checkpoint } from '../checkpoints.ts';
import type { RelayLedger } from '../relay/relay-ledger.ts';
import type { Cursor, Lane } from '../source.ts';
import { placesOf, type Places } from './fed-by.ts';

/** How far the relay's lanes have come, with the numbers of each. */
export interface RelayReached {
  /** The saved places: all before them is sent. */
  readonly saved: Places;
  /** Where the batches end that are being sent now: all before them has its numbers. */
  readonly settled: Places;
  /** The numbers at a lane's saved place. */
  readonly atSaved: ReadonlyMap<Lane, RelayLedger>;
  /** The numbers where its batch ends. */
  readonly atSettled: ReadonlyMap<Lane, RelayLedger>;
}

const known = new WeakMap<object, RelayReached>();

/** What a look found of the relay. Made once for each look: thousands may wait. */
export function relayReached(found: { readonly lanes: readonly Checkpoint[] }): RelayReached {
  const before = known.get(found);
  if (before !== undefined) return before;
  const ledgers = found.lanes.flatMap(({ lane, ledger }) =>
    ledger === null ? [] : [[lane, ledger as RelayLedger] as const],
  );
  const settled = ledgers.flatMap(([lane, { ends }]) => (ends ? [[lane, ends.at as Cursor] as const] : []));
  const reached: RelayReached = {
    saved: placesOf(found.lanes),
    settled: new Map(settled),
    atSaved: new Map(ledgers),
    atSettled: new Map(ledgers.map(([lane, ledger]) => [lane, afterBatch(ledger)])),
  };
  known.set(found, reached);
  return reached;
}

function afterBatch({ ends, ...ledger }: RelayLedger): RelayLedger {
  const topics = Object.entries(ledger.topics).map(
    ([topic, one]) => [topic, { ...one, next: ends?.next[topic] ?? one.next }] as const,
  );
  return { ...ledger, topics: Object.fromEntries(topics) };
}
