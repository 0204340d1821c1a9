// Specs: given events, when a command, then …
export * from './specs/decider-spec.ts';
export * from './specs/projection-spec.ts';
export * from './specs/snapshot-spec.ts';
export { inStream, type EventsOfStream } from './specs/spec-records.ts';
export type { AnyVersionOf } from './specs/given-event.ts';
// Conformance suites, for adapter authors
export * from './conformance-case.ts';
export * from './event-store/event-store-conformance.ts';
export * from './event-store/conformance-topic.ts';
export * from './event-store/encoded-events.ts';
export * from './log/log-conformance.ts';
export * from './checkpoints/checkpoints-conformance.ts';
export * from './bad-input/bad-input-conformance.ts';
export * from './read-models/read-models-conformance.ts';
// For tests that wait
export * from './eventually.ts';
export * from './caught-up.ts';
// For tests of what breaks
export * from './faults/tcp-proxy.ts';
export type { PgAnswer } from './faults/pg-frames.ts';
