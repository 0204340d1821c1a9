import { LeftfoldError } from './errors.ts';
import type { AnyEventType, DataOf } from './event.ts';
import { versionsOf, type EventVersion } from './event-version.ts';
import { issuesText } from './schema/issue.ts';
import type { Issue } from './schema/kind.ts';
import { describe } from './schema/leaf.ts';
import type { WriterSchema } from './event-store.ts';
import { isPromise } from './refuse-async.ts';
import { resolvePayload } from './resolve-payload.ts';

/** A stored payload does not fit the schema it was written with. Every reader of it stops there. `LF_PAYLOAD_UNDECODABLE` */
export class PayloadUndecodable extends LeftfoldError {
  readonly code = 'LF_PAYLOAD_UNDECODABLE' as const;
  readonly retryable = false as const;
  readonly eventType: string;
  readonly writtenVersion: number;
  readonly issues: readonly Issue[];

  constructor(eventType: string, writtenVersion: number, issues: readonly Issue[]) {
    super(
      `${eventType}, written at version ${writtenVersion}, does not fit its schema: ${issuesText(issues)}; compare the schema with the one that was released`,
    );
    this.eventType = eventType;
    this.writtenVersion = writtenVersion;
    this.issues = issues;
  }
}

/**
 * An upcaster threw, or answered with a promise or with nothing, or a version that never existed is asked for. Every reader of such an event stops there.
 * `cause` is what it threw. `LF_UPCAST_FAILED`
 */
export class UpcastFailed extends LeftfoldError {
  readonly code = 'LF_UPCAST_FAILED' as const;
  readonly retryable = false as const;
  readonly eventType: string;
  readonly from: number;
  readonly to: number;

  constructor(eventType: string, from: number, to: number, cause: unknown) {
    const { what, remedy } = cause instanceof NoPayload ? cause : { what: 'failed', remedy: 'make it total' };
    super(`the upcaster of ${eventType} from version ${from} to ${to} ${what}; ${remedy} and deploy again`, { cause });
    this.eventType = eventType;
    this.from = from;
    this.to = to;
  }
}

/** What an upcaster answered is no payload. */
class NoPayload extends TypeError {
  readonly what: string;
  readonly remedy: string;

  constructor(what: string, remedy: string) {
    super(`it ${what}`);
    this.name = 'TypeError';
    this.what = what;
    this.remedy = remedy;
  }
}

/** An event was written by a newer release than this code. It waits; code that knows the version reads it. `LF_NEWER_EVENT` */
export class NewerEvent extends LeftfoldError {
  readonly code = 'LF_NEWER_EVENT' as const;
  readonly retryable = true as const;
  readonly eventType: string;
  readonly writtenVersion: number;
  readonly latest: number;

  constructor(eventType: string, writtenVersion: number, latest: number) {
    super(
      `${eventType} was written at version ${writtenVersion}, this code knows up to ${latest}; deploy the release that knows it`,
    );
    this.eventType = eventType;
    this.writtenVersion = writtenVersion;
    this.latest = latest;
  }
}

/**
 * The latest payload of a stored event: resolved from its writer's schema to this code's of the same version, then upcast. The one boundary that load, replay,
 * Kafka consumption and tests share (hazard C8). `payload` is JSON text.
 * @throws {@link PayloadUndecodable} `LF_PAYLOAD_UNDECODABLE` when the text does not fit that version
 * @throws {@link NewerEvent} `LF_NEWER_EVENT` when the code does not know the version yet
 * @throws {@link UpcastFailed} `LF_UPCAST_FAILED` when an upcaster throws
 */
export function decodeStored<T extends AnyEventType>(type: T, writer: WriterSchema, payload: string): DataOf<T> {
  const decoded = resolvePayload(versionOf(type, writer.version).schema, writer, payload);
  if ('issues' in decoded) throw new PayloadUndecodable(type.type, writer.version, decoded.issues);
  return upcast(type, writer.version, decoded.value);
}

/**
 * The latest payload of one that is decoded: each upcaster from `writtenVersion` on runs once. At the latest version it is handed through.
 * @throws {@link NewerEvent} `LF_NEWER_EVENT` when the code does not know the version yet
 * @throws {@link UpcastFailed} `LF_UPCAST_FAILED` when an upcaster throws, or answers with a promise or with nothing
 */
export function upcast<T extends AnyEventType>(type: T, writtenVersion: number, data: unknown): DataOf<T> {
  const written = versionOf(type, writtenVersion);
  if (written.version === type.latest) return data as DataOf<T>;
  let payload = data;
  for (const next of versionsOf(type).slice(written.version)) payload = upcastTo(type, next, payload);
  return payload as DataOf<T>;
}

/** One step: the payload of a version from that of the version before. @throws {@link UpcastFailed} `LF_UPCAST_FAILED` */
export function upcastTo(type: AnyEventType, { version, up }: EventVersion, before: unknown): unknown {
  try {
    return payloadOf(up?.(before as never));
  } catch (cause) {
    throw new UpcastFailed(type.type, version - 1, version, cause);
  }
}

/** A promise would be folded as a payload without fields, as would nothing. */
function payloadOf(answer: unknown): unknown {
  if (isPromise(answer))
    throw new NoPayload('answered with a promise', 'let it make the new payload of the old one alone, without I/O,');
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer;
  throw new NoPayload(`answered with ${describe(answer)}`, 'let it return the new payload');
}

/**
 * A version of a type, as events name it.
 * @throws {@link NewerEvent} `LF_NEWER_EVENT` above the latest; {@link UpcastFailed} `LF_UPCAST_FAILED` for what is no version
 */
export function versionOf(type: AnyEventType, writtenVersion: number): EventVersion {
  const versions = versionsOf(type);
  if (writtenVersion > versions.length) throw new NewerEvent(type.type, writtenVersion, versions.length);
  const found = versions[writtenVersion - 1];
  if (found !== undefined) return found;
  throw new UpcastFailed(type.type, writtenVersion, versions.length, new RangeError('there never was such a version'));
}
