import type { RecordedEvent } from '@leftfold/core';
import type { RowHandler } from '../projection/row-handler.ts';

/**
 * The keys of the rows an event belongs to, distinct, in the order the route gave them; none for a route that answers an empty list. A route by
 * function is shown the event without its personal fields. `undefined`: the route gave something that is no key.
 */
export function rowKeys({ on, by }: RowHandler, event: RecordedEvent): readonly string[] | undefined {
  if (by === undefined) return [event.stream.key];
  const personal: readonly string[] = on.personal;
  const answer =
    typeof by === 'string' ? (event.data as Record<string, unknown>)[by] : by(withoutPersonal(event, personal));
  const keys: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  return keys.every((key) => typeof key === 'string') ? [...new Set(keys)] : undefined;
}

function withoutPersonal(event: RecordedEvent, personal: readonly string[]): RecordedEvent {
  if (personal.length === 0) return event;
  const data = Object.entries(event.data as object).filter(([field]) => !personal.includes(field));
  return { ...event, data: Object.freeze(Object.fromEntries(data)) };
}
