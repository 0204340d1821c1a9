import { InputInvalid } from './errors.ts';
import type { ReadOptions } from './event-store.ts';
import type { StreamVersion } from './message.ts';

/** The part of a stream that a read is about: the versions above `after`, up to `upTo`, at most `limit` of them. */
export interface ReadRange {
  readonly after: StreamVersion;
  readonly upTo: StreamVersion;
  readonly backwards: boolean;
  readonly limit: number;
}

/** Above every version there is. */
const NO_END = 2n ** 63n - 1n;

/**
 * Read options with their defaults filled in, within the versions there can be: for stores.
 * @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` for a limit that is no whole number from 1, and a version that is no bigint
 */
export function readRange({ after, upTo, backwards = false, limit = Infinity }: ReadOptions): ReadRange {
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw outOfRange('limit', limit, 'a whole number from 1; leave it out to read to the end');
  }
  return { after: version('after', after, 0n), upTo: version('upTo', upTo, NO_END), backwards, limit };
}

function version(option: string, value: bigint | undefined, otherwise: bigint): StreamVersion {
  if (value === undefined) return otherwise as StreamVersion;
  if (typeof value !== 'bigint') throw outOfRange(option, value, 'the version of an event, a bigint');
  return (value < 0n ? 0n : value > NO_END ? NO_END : value) as StreamVersion;
}

const outOfRange = (option: string, value: unknown, must: string): InputInvalid =>
  new InputInvalid('LF_OPTION_OUT_OF_RANGE', `${option} is ${String(value)}; it must be ${must}`);
