import { bucketOf, CHAIN_BEGINS, chained, type Counted } from '../models/events.ts';

/** An event as it stands in the log's table after the run. */
export interface StoredEvent {
  readonly id: string;
  readonly category: string;
  readonly key: string;
  readonly stream: string;
  readonly version: number;
  readonly payload: Counted;
}
/** A row as it should stand in a model's table, and as it does. */
export interface ModelRow {
  readonly id: string;
  readonly events: number;
  readonly amount: number;
  /** Of rows of one stream. */
  readonly chain?: number;
}
/** What all models of one feed hold. */
export interface Models {
  readonly tallies: readonly ModelRow[];
  readonly buckets: readonly ModelRow[];
  /** Of each event, by stream and version, how often it was applied. */
  readonly applied: readonly { readonly event: string; readonly times: number }[];
}

/** What the models must hold: a plain loop over the log, by somebody who knows nothing of projections. */
export function foldLog(events: readonly StoredEvent[]): Models {
  const tallies = new Map<string, Required<ModelRow>>();
  const buckets = new Map<string, ModelRow>();
  for (const { category, key, payload } of events.toSorted((a, b) => a.version - b.version)) {
    const bucket = bucketOf(payload, key);
    const inBucket = buckets.get(bucket) ?? { id: bucket, events: 0, amount: 0 };
    buckets.set(bucket, { id: bucket, events: inBucket.events + 1, amount: inBucket.amount + payload.amount });
    if (category !== 'chaos.order') continue;
    const tally = tallies.get(key) ?? { id: key, events: 0, amount: 0, chain: CHAIN_BEGINS };
    tallies.set(key, {
      id: key,
      events: tally.events + 1,
      amount: tally.amount + payload.amount,
      chain: chained(tally.chain, payload),
    });
  }
  const applied = events.map(({ stream, version }) => ({ event: `${stream}@${version}`, times: 1 }));
  return { tallies: [...tallies.values()], buckets: [...buckets.values()], applied };
}
