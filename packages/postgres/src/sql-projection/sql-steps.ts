import type { RecordedEvent } from '@leftfold/core';
import type { FoldEvent } from '@leftfold/subscriptions';

/** What a projection does for some event types: for one event at a time, or for many at once. */
export interface SqlHandler {
  /** `'each'`: its events are given one by one. */
  readonly takes: 'each' | 'all';
  readonly apply: (events: readonly RecordedEvent[], db: never) => Promise<void>;
}
/** One call of a handler, or of one that takes them one by one several. */
export interface SqlStep {
  readonly handler: SqlHandler;
  readonly events: readonly RecordedEvent[];
}

/**
 * Which handler gets which events, in as few steps as go: an event goes to a step that is there already, if none of its stream's events before it comes in a later one. So each
 * stream's events are applied in their order, and those of one step are in the order given; of other streams' events nothing is said, as the projection's order has it.
 */
export function sqlSteps(handlers: ReadonlyMap<string, SqlHandler>, events: readonly FoldEvent[]): readonly SqlStep[] {
  const steps: { readonly handler: SqlHandler; readonly events: RecordedEvent[] }[] = [];
  /** By handler, the steps that are its own, rising. */
  const stepsOf = new Map<SqlHandler, number[]>();
  /** By stream, the step of its latest event. */
  const latest = new Map<string, number>();
  for (const { tenant, event } of events) {
    const handler = handlers.get(event.type);
    if (handler === undefined) continue;
    const stream = `${tenant}/${event.stream.id}`;
    const from = latest.get(stream) ?? 0;
    const own = stepsOf.get(handler) ?? [];
    let at = own.find((step) => step >= from);
    if (at === undefined) {
      at = steps.push({ handler, events: [] }) - 1;
      stepsOf.set(handler, [...own, at]);
    }
    steps[at]?.events.push(event);
    latest.set(stream, at);
  }
  return steps;
}
