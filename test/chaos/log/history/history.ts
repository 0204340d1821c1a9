import type { Instant, Recorded } from '../../processes/recorder.ts';

/** Names of things as the history has them: `tenant/id` where there is a tenant. */
export type StreamName = string;
export type EventName = string;

/** One stream of a call. `expect` is a version in decimal, or the word. */
export interface PlannedAppend {
  readonly stream: StreamName;
  readonly expect: string;
  readonly ids: readonly EventName[];
}
export interface PlannedKey {
  readonly stream: StreamName;
  readonly change: 'reserve' | 'release';
  readonly key: string;
}
/** What a call answered. Versions are decimal. */
export type Answer =
  | {
      readonly kind: 'appended';
      readonly versions: readonly string[];
      readonly already: boolean;
      readonly token: string;
    }
  | { readonly kind: 'conflict'; readonly stream: string; readonly actual: string }
  | { readonly kind: 'taken'; readonly key: string; readonly by: string }
  | {
      readonly kind: 'replied';
      readonly reply: string;
      readonly versions: readonly string[];
      readonly token: string;
      readonly requestHash: string;
    };

/** A call of `append` was begun. What has no end was killed: its outcome is unknown. */
export interface Invoked extends Recorded {
  readonly op: 'append';
  readonly type: 'invoke';
  readonly call: string;
  /** The caller's transaction; none: the call's own. */
  readonly tx?: string;
  readonly appends: readonly PlannedAppend[];
  readonly reply?: { readonly key: string; readonly text: string };
  readonly keys?: readonly PlannedKey[];
}
export interface Answered extends Recorded {
  readonly op: 'append';
  readonly type: 'ok';
  readonly call: string;
  readonly answer: Answer;
}
/** It failed: `fail` promises that nothing was written, `info` that nobody knows. */
export interface Failed extends Recorded {
  readonly op: 'append';
  readonly type: 'fail' | 'info';
  readonly call: string;
  readonly code: string;
}
/** Calls that a savepoint took back. */
export interface Undone extends Recorded {
  readonly op: 'undo';
  readonly calls: readonly string[];
}
/** A transaction of the caller's ended: committed, rolled back, or nobody knows. */
export interface Ended extends Recorded {
  readonly op: 'end';
  readonly type: 'ok' | 'fail' | 'info';
  readonly tx: string;
}
/** A stream was read. `began` is when. */
export interface StreamRead extends Recorded {
  readonly op: 'read';
  readonly began: Instant;
  readonly stream: StreamName;
  readonly events: readonly (readonly [id: EventName, version: string])[];
}
export type SeenRecord = readonly [id: EventName, stream: StreamName, version: string, position: string];
interface Page extends Recorded {
  readonly reader: string;
  readonly lane: string;
  readonly pinned: string;
  readonly to: string;
  readonly records: readonly SeenRecord[];
}
/** A reader dealt with a batch and saved its place, at once. */
export interface Seen extends Page {
  readonly op: 'seen';
}
/** It was handed a batch, and forgot it again. */
export interface Fetched extends Page {
  readonly op: 'fetched';
}
/** A reader that wants some categories only. */
export interface Wanted extends Recorded {
  readonly op: 'wanted';
  readonly reader: string;
  readonly categories: readonly string[];
}
/** A reader could not read, and tries again. */
export interface Faulted extends Recorded {
  readonly op: 'faulted';
  readonly reader: string;
  readonly code: string;
}
/** A relay's records reached their partition. */
export interface Sent extends Recorded {
  readonly op: 'sent';
  readonly partition: string;
  readonly records: readonly (readonly [id: EventName, stream: StreamName, version: string, sequence: number])[];
}
/** After the run: what a reader gets that starts at a saved place. */
export interface ReadAgain extends Recorded {
  readonly op: 'again';
  readonly reader: string;
  readonly lane: string;
  readonly from: string;
  readonly ids: readonly EventName[];
}
/** After the run: a row of the log, with what its transaction was. */
export interface StoredRow extends Recorded {
  readonly op: 'stored';
  readonly id: EventName;
  readonly stream: StreamName;
  readonly version: string;
  readonly position: string;
  readonly xid: string;
}
export interface HeadRow extends Recorded {
  readonly op: 'head';
  readonly stream: StreamName;
  readonly version: string;
}
export interface ReplyRow extends Recorded {
  readonly op: 'reply';
  readonly key: string;
  readonly text: string;
}
export interface KeyRow extends Recorded {
  readonly op: 'key';
  readonly key: string;
  readonly stream: StreamName;
}
/** Positions drawn before and after so many refused appends, with nobody else writing. */
export interface Drawn extends Recorded {
  readonly op: 'drawn';
  readonly refused: number;
  readonly before: string;
  readonly after: string;
}
/** A reaction that a reader owes for an event it has seen. */
export interface Owed extends Recorded {
  readonly op: 'owed';
  readonly for: EventName;
  readonly id: EventName;
}
/** Something that may never happen at all, told by whom it happened to. */
export interface Broken extends Recorded {
  readonly op: 'broken';
  readonly what: string;
}

export type HistoryLine =
  | Invoked
  | Answered
  | Failed
  | Undone
  | Ended
  | StreamRead
  | Seen
  | Fetched
  | Wanted
  | Faulted
  | Sent
  | ReadAgain
  | StoredRow
  | HeadRow
  | ReplyRow
  | KeyRow
  | Drawn
  | Owed
  | Broken;

/** Everything that was recorded, of all processes, by time. */
export type History = readonly HistoryLine[];

/** The lines of one kind. */
export function linesOf<Op extends HistoryLine['op']>(
  history: History,
  op: Op,
): readonly Extract<HistoryLine, { readonly op: Op }>[] {
  return history.filter((line): line is Extract<HistoryLine, { readonly op: Op }> => line.op === op);
}
