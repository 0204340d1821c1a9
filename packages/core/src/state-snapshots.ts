import type { Snapshots, StateSnapshot } from './event-store.ts';
import type { Abort, StreamRef, StreamVersion } from './message.ts';
import { RecentlyUsed } from './recently-used.ts';
import { issuesText } from './schema/issue.ts';
import { decodePayload, encodePayload } from './schema/payload.ts';
import { type SeenState, streamKey } from './seen-state.ts';
import { SnapshotFault } from './snapshot-fault.ts';
import type { SnapshotDefinition } from './snapshot-definition.ts';
import { utf8Length } from './text.ts';

/** Largest snapshot: 1 MiB of JSON text. A larger one would cost more to read than most tails. */
const MAX_SNAPSHOT_BYTES = 1024 * 1024;
/** Snapshots of one store that are being stored at a time; what would be one more is left to a later command. */
const MOST_UNDER_WAY = 16;
/** Streams of which is remembered where they stood. */
const REMEMBERED = 10_000;

/** Per store, the streams whose snapshot is being stored. */
const underWayOf = new WeakMap<Snapshots, Set<string>>();

/** Finds and takes the snapshots of one aggregate in one store. Nothing it does fails or delays a command; what does not work is told to `onFault`. */
export class StateSnapshots<S> {
  readonly #definition: SnapshotDefinition;
  readonly #snapshots: Snapshots;
  readonly #underWay: Set<string>;
  readonly #onFault: ((fault: SnapshotFault) => void) | undefined;
  readonly #told = new Set<string>();
  /** Where streams stood, and from where their events count towards the next snapshot, also when the last one was refused. */
  readonly #known = new RecentlyUsed<{ readonly length: StreamVersion; readonly countedFrom: StreamVersion }>(
    REMEMBERED,
  );

  constructor(definition: SnapshotDefinition, snapshots: Snapshots, onFault?: (fault: SnapshotFault) => void) {
    this.#definition = definition;
    this.#snapshots = snapshots;
    this.#onFault = onFault;
    this.#underWay = underWayOf.get(snapshots) ?? new Set();
    underWayOf.set(snapshots, this.#underWay);
  }

  /** The state to go on from, where there is one. That the stream holds its last event is the caller's to check. */
  async find(stream: StreamRef, signal?: Abort): Promise<SeenState<S> | undefined> {
    // Short streams have none, so the commands on them are spared the round trip once a load has seen how short they are.
    const known = this.#known.get(streamKey(stream));
    if (known !== undefined && this.#multiples(known.length) === 0n) return undefined;
    try {
      const found = await this.#snapshots.find(stream, this.#definition.key, signal && { signal });
      return found && this.#decoded(stream, found);
    } catch (cause) {
      // An aborted load says so itself, at its next step.
      if (signal?.aborted !== true)
        this.#tell('LF_SNAPSHOT_FAILED', `the snapshot of ${stream.id} was not found`, cause);
      return undefined;
    }
  }

  /** True when a stream that was folded from `seen` has passed a multiple of `every`, and no snapshot was taken since. */
  isDue(stream: StreamRef, seen: SeenState<unknown>, version: StreamVersion): boolean {
    const counted = this.#known.get(streamKey(stream))?.countedFrom ?? seen.fromSnapshot;
    return this.#multiples(version) > this.#multiples(counted > seen.fromSnapshot ? counted : seen.fromSnapshot);
  }

  /** Remembers where a stream stands. */
  note(stream: StreamRef, length: StreamVersion): void {
    const key = streamKey(stream);
    this.#known.set(key, { length, countedFrom: this.#known.get(key)?.countedFrom ?? (0n as StreamVersion) });
  }

  /** Stores a state, some time after this call. */
  take(stream: StreamRef, { state, version, lastEvent }: SeenState<S>): void {
    const key = streamKey(stream);
    if (lastEvent === undefined || this.#underWay.size >= MOST_UNDER_WAY || this.#underWay.has(key)) return;
    this.#known.set(key, { length: version, countedFrom: version });
    const text = this.#encoded(stream, state);
    if (text !== undefined) void this.#save(stream, { version, lastEvent, state: text });
  }

  async #save(stream: StreamRef, snapshot: StateSnapshot): Promise<void> {
    const key = streamKey(stream);
    this.#underWay.add(key);
    try {
      await this.#snapshots.save(stream, this.#definition.key, snapshot);
      this.#told.delete('LF_SNAPSHOT_FAILED');
    } catch (cause) {
      // The next command tries again.
      this.#known.delete(key);
      this.#tell('LF_SNAPSHOT_FAILED', `the snapshot of ${stream.id} was not stored`, cause);
    } finally {
      this.#underWay.delete(key);
    }
  }

  #multiples(version: StreamVersion): bigint {
    return version / BigInt(this.#definition.every);
  }

  #encoded(stream: StreamRef, state: S): string | undefined {
    const encoded = encodePayload(this.#definition.state, state, false);
    const fault =
      'issues' in encoded
        ? issuesText(encoded.issues)
        : utf8Length(encoded.text) > MAX_SNAPSHOT_BYTES && `its JSON text is longer than ${MAX_SNAPSHOT_BYTES} bytes`;
    if (fault === false) return (encoded as { readonly text: string }).text;
    this.#tell(
      'LF_SNAPSHOT_STATE_INVALID',
      `the state of ${stream.id} does not fit snapshot.state of its aggregate, and is not stored: ${fault}`,
    );
    return undefined;
  }

  #decoded(stream: StreamRef, { state, version, lastEvent }: StateSnapshot): SeenState<S> | undefined {
    const decoded = decodePayload(this.#definition.state, state);
    if ('value' in decoded) return { state: decoded.value as S, version, lastEvent, fromSnapshot: version };
    this.#tell('LF_SNAPSHOT_FAILED', `the snapshot of ${stream.id} cannot be read: ${issuesText(decoded.issues)}`);
    return undefined;
  }

  /** Once each, until it works again: a mistake in a definition shows at every command, an outage too. */
  #tell(code: SnapshotFault['code'], what: string, cause?: unknown): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    try {
      this.#onFault?.(
        new SnapshotFault(code, `${what}; commands go on without it, and read more of their streams`, { cause }),
      );
    } catch {
      // Nothing that is told may fail the command that told it.
    }
  }
}
