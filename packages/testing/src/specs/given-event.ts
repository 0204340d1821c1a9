import { checkUpcast, decodeStored, t, versionsOf } from '@leftfold/core';
import type { AnyEventType, EventOf, EventType, NewEvent, PersonalOf, WriterSchema } from '@leftfold/core';
import { fail } from './expect-equal.ts';

/** An event as any released version wrote it; specs upcast as the log does. */
export type AnyVersionOf<T extends AnyEventType> =
  T extends EventType<infer N, EventOf<T>['version'], infer H, PersonalOf<T>>
    ? { [V in keyof H & number]: NewEvent<N, V, H[V]> }[keyof H & number]
    : never;

/** A given event as it stands in the log, and as handlers see it. */
export interface GivenEvent {
  readonly type: AnyEventType;
  readonly writer: WriterSchema;
  readonly payload: string;
  /** Decoded and upcast. */
  readonly latest: NewEvent;
}

/**
 * Puts an event into the log's form and reads it back as production does: encoded by the schema of its own version, decoded, upcast. Constraints do not
 * count: an old event may break what was tightened since. Upcasters are held to what the log rests on, see `checkUpcast`.
 * @param types by all names of each, as `eventTypesByName` has them
 * @throws `AssertionError` when it does not fit its version's schema, is none of these types, or an upcaster is unsound; what upcasting throws
 */
export function givenEvent(types: ReadonlyMap<string, AnyEventType>, event: NewEvent): GivenEvent {
  const type = types.get(event.type);
  if (type === undefined) return fail(`given ${event.type}: it is none of ${[...types.keys()].join(', ')}`);
  const versions = versionsOf(type);
  const version = versions[event.version - 1];
  if (version === undefined) return fail(`given ${event.type}: it has no version ${event.version}`);
  let json: unknown;
  try {
    json = t.toJson(version.schema, event.data);
  } catch (error) {
    return fail(`given ${event.type} version ${event.version}: ${(error as Error).message}`);
  }
  const payload = JSON.stringify(json);
  if (event.version < versions.length) refuseUnsound(type, event);
  const data: unknown = decodeStored(type, version.writer, payload);
  return { type, writer: version.writer, payload, latest: { type: type.type, version: versions.length, data } };
}

function refuseUnsound(type: AnyEventType, { version, data }: NewEvent): void {
  try {
    checkUpcast(type, version, data);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'LF_UPCAST_UNSOUND') throw error;
    fail(`given ${type.type} version ${version}: ${(error as Error).message}`);
  }
}
