import { InputInvalid } from './errors.ts';
import type { Expectation, StreamAppend } from './event-store.ts';
import type { EventId, StreamId, StreamVersion } from './message.ts';

/** Where an event stands. */
export interface EventPlace {
  readonly stream: StreamId;
  readonly version: StreamVersion;
}

/**
 * The idempotency of an append by event id, for stores: whether these very events stand at the very places where this append would have put them. For an exact
 * version that is right after it, for `'absent'` at the beginning, else anywhere in the stream; always one after the other, in order.
 * @param written the streams with events. @param placeOf where the event of an id stands, within a tenant.
 * @returns the version of the last event of each stream; `undefined` when none of the ids is in use.
 * @throws {@link InputInvalid} `LF_EVENT_ID_REUSED` when only some are, or they stand elsewhere, or one occurs twice in the call
 */
export function alreadyAppended(
  written: readonly StreamAppend[],
  placeOf: (tenant: string, id: EventId) => EventPlace | undefined,
): readonly StreamVersion[] | undefined {
  const ids = written.flatMap(({ stream: { tenant }, events }) => events.map(({ id }) => ({ tenant, id })));
  const seen = new Set<string>();
  for (const { tenant, id } of ids) {
    if (seen.has(`${tenant}/${id}`)) throw eventIdReused(id);
    seen.add(`${tenant}/${id}`);
  }
  const used = ids.find(({ tenant, id }) => placeOf(tenant, id) !== undefined);
  if (used === undefined) return undefined;
  return written.map(({ stream, expect, events }) => {
    let expected = firstVersion(expect);
    for (const { id } of events) {
      const place = placeOf(stream.tenant, id);
      if (place?.stream !== stream.id || place.version !== (expected ?? place.version)) throw eventIdReused(used.id);
      expected = (place.version + 1n) as StreamVersion;
    }
    return ((expected as StreamVersion) - 1n) as StreamVersion;
  });
}

function eventIdReused(id: EventId): InputInvalid {
  return new InputInvalid(
    'LF_EVENT_ID_REUSED',
    `an event with the id ${id} stands in the log already, or twice in this call, but not as this append has it; give each event an id of its own, ` +
      'and repeat a command with its idempotency key',
  );
}

function firstVersion(expect: Expectation): StreamVersion | undefined {
  if (typeof expect === 'bigint') return (expect + 1n) as StreamVersion;
  return expect === 'absent' ? (1n as StreamVersion) : undefined;
}
