import type { FollowerId } from '../checkpoints.ts';
import type { FollowerChange } from './follower-change.ts';
import {
  codeLabel,
  FOLLOWER_BATCH_DURATION,
  FOLLOWER_BATCHES,
  FOLLOWER_EVENTS,
  FOLLOWER_LANE_MOVES,
  FOLLOWER_LANE_STATE,
  FOLLOWER_PARKED,
  FOLLOWER_RETRIES,
  FOLLOWER_RUNNING,
  FOLLOWER_SOURCE_FAULTS,
  RELAY_WITHHELD,
} from './metric-names.ts';
import type { MetricLabels, Metrics } from './metrics.ts';
import type { Lane } from '../source.ts';

/** Counts what happens to a follower. Labels are made once for each lane. */
export class FollowerMetrics {
  readonly #metrics: Metrics;
  readonly #of: MetricLabels<'follower' | 'version'>;
  readonly #lanes = new Map<Lane, MetricLabels<'follower' | 'version' | 'lane'>>();

  readonly #withholding = new Set<Lane>();
  readonly #parking = new Set<Lane>();

  constructor(metrics: Metrics, { name, version }: FollowerId) {
    this.#metrics = metrics;
    this.#of = { follower: name, version: String(version) };
    metrics.set(FOLLOWER_RUNNING, 1, this.#of);
  }

  on(change: FollowerChange): void {
    const metrics = this.#metrics;
    switch (change.kind) {
      case 'batch': {
        const labels = this.#lane(change.lane);
        metrics.add(FOLLOWER_BATCHES, 1, labels);
        metrics.add(FOLLOWER_EVENTS, change.events, labels);
        return metrics.record(FOLLOWER_BATCH_DURATION, change.ms / 1_000, labels);
      }
      case 'lane': {
        const { lane, status, before } = change;
        const labels = this.#lane(lane);
        const { fault, state, trouble } = status;
        const isFailure = trouble !== undefined && trouble.failures > (before?.trouble?.failures ?? 0);
        if (state === 'retrying' && isFailure) metrics.add(FOLLOWER_RETRIES, 1, { ...labels, code: codeLabel(fault) });
        if (before?.state === state) return;
        if (before) metrics.set(FOLLOWER_LANE_STATE, 0, { ...labels, state: before.state });
        return metrics.set(FOLLOWER_LANE_STATE, 1, { ...labels, state });
      }
      case 'withholding':
        this.#withholding.add(change.lane);
        return metrics.set(RELAY_WITHHELD, change.keys, { lane: change.lane });
      case 'parking':
        this.#parking.add(change.lane);
        return metrics.set(FOLLOWER_PARKED, change.keys, this.#lane(change.lane));
      case 'forgotten':
        return metrics.set(FOLLOWER_LANE_STATE, 0, { ...this.#lane(change.lane), state: change.before.state });
      case 'given-back':
      case 'lost':
        // Of what is withheld or parked the next owner tells.
        if (this.#parking.delete(change.lane)) metrics.set(FOLLOWER_PARKED, 0, this.#lane(change.lane));
        if (this.#withholding.delete(change.lane)) metrics.set(RELAY_WITHHELD, 0, { lane: change.lane });
        return metrics.add(FOLLOWER_LANE_MOVES, 1, { ...this.#lane(change.lane), move: change.kind });
      case 'claimed':
        return metrics.add(FOLLOWER_LANE_MOVES, 1, { ...this.#lane(change.lane), move: change.kind });
      case 'ended':
        return metrics.set(FOLLOWER_RUNNING, 0, this.#of);
      case 'source':
        if (change.fault) metrics.add(FOLLOWER_SOURCE_FAULTS, 1, { ...this.#of, code: codeLabel(change.fault) });
        return;
    }
  }

  #lane(lane: Lane): MetricLabels<'follower' | 'version' | 'lane'> {
    const known = this.#lanes.get(lane);
    if (known) return known;
    const labels = { ...this.#of, lane };
    this.#lanes.set(lane, labels);
    return labels;
  }
}
