// The ports
export * from './source.ts';
export * from './observation/behind.ts';
export * from './checkpoints.ts';
export * from './milestones.ts';
export * from './projection/row-table.ts';
export * from './projection/column-form.ts';
export * from './read-models.ts';
export * from './withheld.ts';
export * from './parked.ts';
export * from './versions.ts';
export * from './versions/columns-fingerprint.ts';
export * from './versions/bound-version.ts';
export * from './conditions.ts';
export * from './progress.ts';
export * from './storage.ts';
export * from './publisher.ts';
export * from './codec.ts';
export * from './broker.ts';
// A record on the wire
export * from './record/record-format.ts';
export * from './record/record-mark.ts';
export * from './record/parse-record.ts';
export * from './record/record-undecodable.ts';
export * from './record/topic-record.ts';
export * from './record/restore-records.ts';
export * from './record/record-gone.ts';
export * from './record/envelope-of.ts';
export * from './record/recognition.ts';
export * from './record/passes-mark.ts';
export * from './record/record-withheld.ts';
export * from './json-codec.ts';
// What follows
export * from './projection/projection.ts';
export * from './projection/own-projection.ts';
export * from './dealing/ahead-of-checkpoint.ts';
export * from './dealing/apply-side-by-side.ts';
export { checkProjection } from './projection/check-projection.ts';
export * from './projection/row-handler.ts';
export * from './projection/recovery-policy.ts';
export * from './projection/read-event.ts';
export * from './folding/fold-batch.ts';
export { FoldFault } from './folding/fold-fault.ts';
// Inside an append
export * from './inline/inline.ts';
export { InlineProjections, type InlineStorage } from './inline/inline-projections.ts';
export type { InlineTransaction, StreamHistory } from './inline/apply-inline.ts';
export { InlineRefused } from './inline/inline-refused.ts';
export { refuseUnlistedInline } from './inline/refuse-unlisted.ts';
// A source in a loop, for tools
export * from './read-source.ts';
export * from './record/log-record.ts';
// The two loops
export * from './relay/relay.ts';
export type { MilestoneOptions } from './relay/lane-milestones.ts';
export * from './relay/relay-fault.ts';
export * from './relay/withheld-requests.ts';
export * from './projection/follow.ts';
export {
  discardParked,
  editParked,
  NotParked,
  parkedEvents,
  parkedKeys,
  parkedPayload,
  retryAllParked,
  retryParked,
  type ParkedAt,
} from './parking/parked-requests.ts';
export { discardFormerParked, type DiscardFormerOptions } from './parking/discard-former.ts';
export { ParkingRefused } from './parking/parking-refused.ts';
export * from './sharing/follow-all.ts';
export * from './sharing/share-reading.ts';
export { SharedSource, type SharedSourceOptions } from './sharing/shared-source.ts';
// What both share
export type { FollowerOptions } from './following/follower.ts';
export * from './following/running.ts';
export { FollowerStopped, NotCaughtUp, type CaughtUpOptions } from './following/caught-up.ts';
export { faultText } from './observation/fault-text.ts';
export * from './following/status.ts';
export * from './observation/follower-change.ts';
export * from './following/recovery.ts';
export * from './following/backoff.ts';
// How it is watched
export * from './observation/metrics.ts';
export * from './observation/metric-names.ts';
export * from './observation/logger.ts';
export * from './observation/follower-lag.ts';
export * from './observation/observe-lag.ts';
export * from './observation/projection-status.ts';
// Side effects
export {
  reaction,
  isReaction,
  reactionFollower,
  type AnyReaction,
  type Effect,
  type EffectHandler,
  type Reaction,
  type ReactionFollower,
  type ReactionOptions,
  type ReplayPolicy,
} from './reaction/reaction.ts';
export * from './reaction/follow-reaction.ts';
export * from './reaction/replay.ts';
export { EffectTimedOut } from './reaction/effect-timed-out.ts';
export * from './clock.ts';
// Read your own writes
export * from './freshness/read-token.ts';
export * from './freshness/freshness.ts';
export { NotYetApplied, WriteParked } from './freshness/freshness-errors.ts';
