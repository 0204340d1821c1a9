import type { Metric } from './metrics.ts';

/** Which follower: its name (`relay`, or a projection's) and version. */
type OfFollower = 'follower' | 'version';
/** Which lane of it: of the log `0` to `15`, of a broker `<topic>/<partition>`. */
type OfLane = OfFollower | 'lane';

const SECONDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const COUNTS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

// How a follower does, in the process that runs it

/** Batches that were dealt with. */
export const FOLLOWER_BATCHES: Metric<'counter', OfLane> = {
  name: 'leftfold.follower.batches',
  kind: 'counter',
  unit: '{batch}',
  labels: ['follower', 'version', 'lane'],
  meaning: 'Batches that were dealt with.',
};
/** Events in them. */
export const FOLLOWER_EVENTS: Metric<'counter', OfLane> = {
  name: 'leftfold.follower.events',
  kind: 'counter',
  unit: '{event}',
  labels: ['follower', 'version', 'lane'],
  meaning: 'Events in the batches that were dealt with.',
};
/** How long a batch took. */
export const FOLLOWER_BATCH_DURATION: Metric<'histogram', OfLane> = {
  name: 'leftfold.follower.batch.duration',
  kind: 'histogram',
  unit: 's',
  labels: ['follower', 'version', 'lane'],
  meaning: 'How long a batch took, from when it was handed over until it was dealt with, repetitions included.',
  buckets: SECONDS,
};
/** Failed attempts, by cause. */
export const FOLLOWER_RETRIES: Metric<'counter', OfLane | 'code'> = {
  name: 'leftfold.follower.retries',
  kind: 'counter',
  unit: '{attempt}',
  labels: ['follower', 'version', 'lane', 'code'],
  meaning:
    'Attempts that failed and are made again, by the code of the cause; `other` for what is no error of Leftfold.',
};
/** Faults of a source as a whole, by cause. */
export const FOLLOWER_SOURCE_FAULTS: Metric<'counter', OfFollower | 'code'> = {
  name: 'leftfold.follower.source.faults',
  kind: 'counter',
  unit: '{fault}',
  labels: ['follower', 'version', 'code'],
  meaning:
    'Faults of the source as a whole, which concern no lane alone, by the code of the cause: a consumer group that cannot be joined, say.',
};
/** Changes of a lane's owner, as this process sees them. */
export const FOLLOWER_LANE_MOVES: Metric<'counter', OfLane | 'move'> = {
  name: 'leftfold.follower.lane.moves',
  kind: 'counter',
  unit: '{move}',
  labels: ['follower', 'version', 'lane', 'move'],
  meaning: 'Changes of owner, as this process sees them: `claimed`, `given-back`, `lost`.',
};
/** What each lane is doing. */
export const FOLLOWER_LANE_STATE: Metric<'gauge', OfLane | 'state'> = {
  name: 'leftfold.follower.lane.state',
  kind: 'gauge',
  unit: '1',
  labels: ['follower', 'version', 'lane', 'state'],
  meaning:
    '1 for the state that a lane is in here (`claiming`, `following`, `retrying`, `waiting`, `stopped`), 0 for one that it was in before.',
};
/** Whether it runs. */
export const FOLLOWER_RUNNING: Metric<'gauge', OfFollower> = {
  name: 'leftfold.follower.running',
  kind: 'gauge',
  unit: '1',
  labels: ['follower', 'version'],
  meaning: '1 while the follower runs in this process, 0 once it was stopped or its source gave up.',
};
/** Keys parked. */
export const FOLLOWER_PARKED: Metric<'gauge', OfLane> = {
  name: 'leftfold.follower.parked',
  kind: 'gauge',
  unit: '{key}',
  labels: ['follower', 'version', 'lane'],
  meaning: 'Keys whose events are parked, since one of them cannot be applied, by the process that has the lane.',
};

// The relay

/** Records sent and confirmed. */
export const RELAY_RECORDS: Metric<'counter', 'lane'> = {
  name: 'leftfold.relay.records',
  kind: 'counter',
  unit: '{record}',
  labels: ['lane'],
  meaning: 'Records that the brokers have confirmed; one that was sent several times counts once.',
};
/** Records in a send. */
export const RELAY_BATCH_RECORDS: Metric<'histogram', 'lane'> = {
  name: 'leftfold.relay.batch.records',
  kind: 'histogram',
  unit: '{record}',
  labels: ['lane'],
  meaning: 'Records of one batch.',
  buckets: COUNTS,
};
/** How long until all of a batch was confirmed. */
export const RELAY_SEND_DURATION: Metric<'histogram', 'lane'> = {
  name: 'leftfold.relay.send.duration',
  kind: 'histogram',
  unit: 's',
  labels: ['lane'],
  meaning: 'From the first send of a batch until the brokers have confirmed all of it, re-sends included.',
  buckets: SECONDS,
};
/** Records sent again. */
export const RELAY_RESENT: Metric<'counter', 'lane' | 'code'> = {
  name: 'leftfold.relay.resent',
  kind: 'counter',
  unit: '{record}',
  labels: ['lane', 'code'],
  meaning:
    'Records that were sent again, because an answer did not confirm them, by the code of the cause; `other` for what is no error of Leftfold.',
};
/** Keys withheld. */
export const RELAY_WITHHELD: Metric<'gauge', 'lane'> = {
  name: 'leftfold.relay.withheld',
  kind: 'gauge',
  unit: '{key}',
  labels: ['lane'],
  meaning: 'Keys that are withheld, since the brokers refused a record, by the process that has the lane.',
};
/** Producers thrown away. */
export const PUBLISHER_REPLACEMENTS: Metric<'counter', 'lane'> = {
  name: 'leftfold.publisher.replacements',
  kind: 'counter',
  unit: '{producer}',
  labels: ['lane'],
  meaning: 'Producers of the Kafka client that were thrown away after something doubtful, to go on with a new one.',
};

// Lag, against the head, by whoever measures it

/** How many events behind. */
export const LAG_EVENTS: Metric<'gauge', OfLane> = {
  name: 'leftfold.lag.events',
  kind: 'gauge',
  unit: '{event}',
  labels: ['follower', 'version', 'lane'],
  meaning:
    'How many events stand between the saved place and the head, whoever runs the follower, if anybody; counted up to a bound (10,000), which then means: or more.',
};
/** How long the oldest has waited. */
export const LAG_SECONDS: Metric<'gauge', OfLane> = {
  name: 'leftfold.lag.seconds',
  kind: 'gauge',
  unit: 's',
  labels: ['follower', 'version', 'lane'],
  meaning:
    'How long the oldest of them has waited since it was recorded, by the clock of the database; 0 when there is none. Absent where a source does not know times.',
};
/** When it was measured. */
export const LAG_MEASURED: Metric<'gauge', OfFollower> = {
  name: 'leftfold.lag.measured',
  kind: 'gauge',
  unit: 's',
  labels: ['follower', 'version'],
  meaning:
    'When the lag was measured last, in seconds since 1970: the gauges above keep their value while nobody can measure.',
};
/** Measurements that failed. */
export const LAG_FAILURES: Metric<'counter', OfFollower | 'code'> = {
  name: 'leftfold.lag.failures',
  kind: 'counter',
  unit: '{measurement}',
  labels: ['follower', 'version', 'code'],
  meaning: 'Measurements of the lag that failed, by the code of the cause; `other` for what is no error of Leftfold.',
};

/** Every metric there is, in the order of docs/operations/metrics.md, which a test compares with this list. */
export const ALL_METRICS: readonly Metric[] = [
  FOLLOWER_BATCHES,
  FOLLOWER_EVENTS,
  FOLLOWER_BATCH_DURATION,
  FOLLOWER_RETRIES,
  FOLLOWER_SOURCE_FAULTS,
  FOLLOWER_LANE_MOVES,
  FOLLOWER_LANE_STATE,
  FOLLOWER_RUNNING,
  FOLLOWER_PARKED,
  RELAY_RECORDS,
  RELAY_BATCH_RECORDS,
  RELAY_SEND_DURATION,
  RELAY_RESENT,
  RELAY_WITHHELD,
  PUBLISHER_REPLACEMENTS,
  LAG_EVENTS,
  LAG_SECONDS,
  LAG_MEASURED,
  LAG_FAILURES,
];

/** A cause as a label: our own code; anything else could be any text, and each would be a time series of its own. */
export function codeLabel(error: unknown): string {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === 'string' && /^LF_[A-Z_]+$/.test(code) ? code : 'other';
}
