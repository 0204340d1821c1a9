import { DefinitionError, InputInvalid } from './errors.ts';
import { versionsOf, type AnyEventType, type DataOf } from './event.ts';
import type { EventVersion } from './event-version.ts';
import { frozen } from './frozen.ts';
import { issuesText } from './schema/issue.ts';
import { encodePayload, fromJson } from './schema/payload.ts';
import { upcastTo, versionOf } from './upcast.ts';

/** What an old payload came to. */
export interface CheckedUpcast<T extends AnyEventType> {
  readonly data: DataOf<T>;
  /** Its stored form: the same text for the same payload, to be kept beside the old one and compared. */
  readonly text: string;
}

/**
 * Upcasts a payload of an old version as every reader does, and holds each upcaster to what a log rests on: it runs twice on the same payload and must come to
 * the same one, by its stored form; it leaves alone what it is given; what it returns fits the schema of its version. Constraints do not count, as old data may
 * break what was tightened since. For tests: the golden corpus and specs check with it. At the latest version only the payload itself is checked.
 *
 * @param data in memory form; it is neither changed nor kept
 * @throws {@link InputInvalid} `LF_VALUE_INVALID` when `data` does not fit the version
 * @throws {@link DefinitionError} `LF_UPCAST_UNSOUND` when an upcaster comes to two results, changes its input, or returns what does not fit
 * @throws `LF_UPCAST_FAILED` as {@link upcast}; `LF_NEWER_EVENT` when there is no such version yet
 */
export function checkUpcast<T extends AnyEventType>(type: T, version: number, data: unknown): CheckedUpcast<T> {
  const written = versionOf(type, version);
  const before = encodePayload(written.schema, data, false);
  if ('issues' in before) {
    throw new InputInvalid(
      'LF_VALUE_INVALID',
      `this payload is none of ${type.type}, version ${version}: ${issuesText(before.issues)}`,
    );
  }
  let { text } = before;
  let at = written;
  for (const next of versionsOf(type).slice(version)) {
    text = checkedStep(type, at, next, text);
    at = next;
  }
  return { data: payloadOf(at, text) as DataOf<T>, text };
}

/** The stored form of what an upcaster makes of a payload in stored form. */
function checkedStep(type: AnyEventType, from: EventVersion, to: EventVersion, before: string): string {
  const unsound = (why: string): never => {
    throw new DefinitionError(
      'LF_UPCAST_UNSOUND',
      `the upcaster of ${type.type} from version ${from.version} to ${to.version} ${why}`,
    );
  };
  const run = (given: unknown): string => {
    const made = upcastTo(type, to, given);
    const stored = encodePayload(to.schema, made, false);
    if ('text' in stored) return stored.text;
    return unsound(`returns what does not fit: ${issuesText(stored.issues)}; let it return every field of its version`);
  };
  const given = payloadOf(from, before);
  // The first time as in production, where a payload can be changed.
  const first = run(given);
  const after = encodePayload(from.schema, given, false);
  // Dates and bytes cannot be frozen, so what was given is looked at again as well.
  const isAsItWas = 'text' in after && after.text === before;
  const second = (payload: unknown): string | undefined => {
    try {
      return run(payload);
    } catch {
      return undefined;
    }
  };
  if (isAsItWas && second(frozen(payloadOf(from, before))) === first) return first;
  if (isAsItWas && second(payloadOf(from, before)) !== first)
    return unsound('came to two results for one payload; take clock, chance and whatever it remembers out of it');
  return unsound('changes the payload it is given; let it make a new one');
}

/** A payload of its own at each call. */
function payloadOf({ schema }: EventVersion, text: string): unknown {
  const read = fromJson(schema, JSON.parse(text));
  return 'value' in read ? read.value : undefined;
}
