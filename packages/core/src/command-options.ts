import { DefinitionError, InputInvalid } from './errors.ts';
import type { Abort, Metadata, ReadToken, StreamVersion } from './message.ts';
import type { SnapshotFault } from './snapshot-fault.ts';

/** Per call. All optional: in Nest they come from the request's context. */
export interface CommandOptions {
  /**
   * The same key with the same input gives the stored answer and records nothing. Another input with that key is refused (`LF_IDEMPOTENCY_KEY_REUSED`).
   * Scope: (tenant, aggregate, command; in Nest also the ordinal of the call within the request), not the id: a repeated "place" that draws a new id must
   * still find the first answer. Kept 24 h. Refusals are not stored: a retry decides afresh. `transact` has no input that could be compared: all its calls
   * with one key on one aggregate are the same request.
   */
  readonly idempotencyKey?: string;
  readonly metadata?: Partial<Metadata>;
  readonly roles?: readonly string[];
  /** Refuse unless the stream stands exactly here (an ETag): `LF_CONFLICT`. Such a command is not retried on conflict. */
  readonly expect?: StreamVersion;
  readonly signal?: Abort;
  /** The `now` of decisions. Default: the clock of this process, read once per command. */
  readonly now?: Date;
  /** Told the receipt's token, before the call resolves. One of the context's is told as well: so a request knows all that it wrote. What it throws, the call throws. */
  readonly written?: (token: ReadToken) => void;
}

/** What a command left behind. */
export interface Receipt<out R> {
  readonly result: R;
  /** Of the stream, afterwards. */
  readonly version: StreamVersion;
  /** Give it to a query to read your own write, in any process. */
  readonly token: ReadToken;
  /** True when an earlier call with the same idempotency key did the work. */
  readonly replayed: boolean;
}

/** How a repository works. */
export interface RepositoryOptions {
  /** Attempts on conflict, 1 to 20. Default 3, with jitter. */
  readonly attempts?: number;
  /**
   * Asked once per call, for what the call's own options leave out: for a command the ambient tenant, correlation, actor, roles and idempotency key, for
   * `load` and `history` the tenant alone.
   */
  readonly context?: (call: 'command' | 'read') => CommandOptions;
  /**
   * Keeps the last states of so many streams in memory, 1 to 100,000; those that were not used for the longest time make room. Default: none. A load still reads
   * the stream, from the last event that is folded in: it sees what every other load sees, and a stream that has another history is read whole. So it spares
   * reading and folding, never the round trip. States are frozen then. In a repository inside a transaction of yours it lives no longer than that.
   */
  readonly cache?: { readonly entries: number };
  /**
   * Told when snapshots do not work, once until they do again: `LF_SNAPSHOT_STATE_INVALID`, `LF_SNAPSHOT_FAILED`. Commands are not affected, loads read more.
   * What it throws is ignored. Default: nobody is told.
   */
  readonly onSnapshotFault?: (fault: SnapshotFault) => void;
}

const KNOWN = new Set<string>([
  'idempotencyKey',
  'metadata',
  'roles',
  'expect',
  'signal',
  'now',
  'written',
] satisfies readonly (keyof CommandOptions)[]);

/**
 * The options of one call over those of its context; metadata member by member.
 * @throws {@link InputInvalid} `LF_OPTION_UNKNOWN`, so that an input that slipped into the place of the options is noticed
 */
export function commandOptions(given: CommandOptions = {}, context: RepositoryOptions['context']): CommandOptions {
  for (const name of Object.keys(given)) {
    if (!KNOWN.has(name)) {
      throw new InputInvalid(
        'LF_OPTION_UNKNOWN',
        `'${name}' is no option of a command; the call is (id, input, options), or (id, options) without an input`,
      );
    }
  }
  const ambient = context?.('command') ?? {};
  const told = [ambient.written, given.written].filter((written) => written !== undefined);
  return {
    ...ambient,
    ...given,
    metadata: { ...ambient.metadata, ...given.metadata },
    ...(told.length > 1 && { written: (token: ReadToken) => told.forEach((written) => written(token)) }),
  };
}

/** Attempts of the write loop. @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE` */
export function attemptsOf({ attempts = 3 }: Pick<RepositoryOptions, 'attempts'>): number {
  return wholeNumber('attempts', attempts, 20);
}

/** States to keep in memory, if any. @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE` */
export function cacheEntriesOf({ cache }: Pick<RepositoryOptions, 'cache'>): number | undefined {
  return cache && wholeNumber('cache.entries', cache.entries, 100_000);
}

function wholeNumber(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new DefinitionError('LF_OPTION_OUT_OF_RANGE', `${option} is ${value}; it is a whole number from 1 to ${most}`);
}
