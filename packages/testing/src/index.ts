// Specs: given events, when a command, then …
export * from './specs/decider-spec.ts';
export * from './specs/projection-spec.ts';
export type { PermutedOptions } from './specs/projection-outcomes.ts';
export * from './specs/reaction-spec.ts';
export type { SeenEffect } from './specs/reaction-run.ts';
export * from './specs/snapshot-spec.ts';
export { inStream, type EventsOfStream } from './specs/spec-records.ts';
export type { AnyVersionOf } from './specs/given-event.ts';
// Conformance suites, for adapter authors
export * from './conformance-case.ts';
export * from './event-store/event-store-conformance.ts';
export * from './event-store/conformance-topic.ts';
export * from './event-store/encoded-events.ts';
export * from './log/log-conformance.ts';
export * from './source/source-conformance.ts';
export type { OpenSource, SourceUnderTest } from './source/source-under-test.ts';
export * from './checkpoints/checkpoints-conformance.ts';
export * from './withheld/withheld-conformance.ts';
export * from './parked/parked-conformance.ts';
export * from './versions/versions-conformance.ts';
export * from './conditions/conditions-conformance.ts';
export * from './progress/progress-conformance.ts';
export * from './milestones/milestones-conformance.ts';
export * from './bad-input/bad-input-conformance.ts';
export * from './publisher/publisher-conformance.ts';
export * from './publisher/publish-history.ts';
export type { StoredRecord } from './publisher/published-records.ts';
export * from './read-models/read-models-conformance.ts';
export * from './inline/inline-conformance.ts';
export type { OpenInline } from './inline/inline-scene.ts';
// For tests that wait
export * from './eventually.ts';
export * from './caught-up.ts';
// For tests of what is counted and said
export * from './observation/collect-metrics.ts';
export * from './observation/collect-logs.ts';
// For tests of what breaks
export * from './faults/tcp-proxy.ts';
export type { PgAnswer } from './faults/pg-frames.ts';
export * from './faults/kafka-proxy.ts';
export {
  faultMix,
  type KafkaFault,
  type KafkaFaultMix,
  type KafkaFaultName,
  type KafkaFrame,
  type KafkaRule,
} from './faults/kafka-fault.ts';
export type { KafkaApi } from './faults/kafka-frames.ts';
export * from './faults/move-leaders.ts';
export * from './faults/seeded-random.ts';
