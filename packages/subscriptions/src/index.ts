// The ports
export * from './source.ts';
export * from './behind.ts';
export * from './checkpoints.ts';
export * from './milestones.ts';
export * from './row-table.ts';
export * from './column-form.ts';
export * from './read-models.ts';
export * from './withheld.ts';
export * from './storage.ts';
export * from './publisher.ts';
export * from './codec.ts';
export * from './broker.ts';
// A record on the wire
export * from './record-format.ts';
export * from './record-mark.ts';
export * from './parse-record.ts';
export * from './record-undecodable.ts';
export * from './topic-record.ts';
export * from './recognition.ts';
export * from './passes-mark.ts';
export * from './record-withheld.ts';
export * from './json-codec.ts';
// What follows
export * from './projection.ts';
export * from './row-handler.ts';
export * from './read-event.ts';
export * from './fold-batch.ts';
export { FoldFault } from './fold-fault.ts';
// A source in a loop, for tools
export * from './read-source.ts';
export * from './log-record.ts';
// The two loops
export * from './relay.ts';
export type { MilestoneOptions } from './lane-milestones.ts';
export * from './relay-fault.ts';
export * from './withheld-requests.ts';
export * from './follow.ts';
// What both share
export type { FollowerOptions } from './follower.ts';
export * from './running.ts';
export { faultText } from './fault-text.ts';
export * from './status.ts';
export * from './follower-change.ts';
export * from './recovery.ts';
export * from './backoff.ts';
// How it is watched
export * from './metrics.ts';
export * from './metric-names.ts';
export * from './logger.ts';
export * from './follower-lag.ts';
export * from './observe-lag.ts';
export { FollowerStopped, NotCaughtUp, type CaughtUpOptions } from './caught-up.ts';
