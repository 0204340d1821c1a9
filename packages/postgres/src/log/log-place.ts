import { InputInvalid } from '@leftfold/core';
import type { Cursor, LogIdentity } from '@leftfold/subscriptions';
import { covers, EMPTY, parseSnapshot, snapshotText, type Snapshot } from './snapshot.ts';

/**
 * Where a follower of the log stands: everything visible in `from` is done; of the window between `from` and `to` everything up to `position`.
 * Without `to` the window is not opened yet. What a window holds never changes, so reading it again from a place gives the same pages.
 */
export interface LogPlace {
  readonly from: Snapshot;
  readonly to?: Snapshot;
  /** 0 where a window begins: a late event of it may have a lower position than any before. */
  readonly position: bigint;
}

/** Before the first event. */
export const START: LogPlace = { from: EMPTY, position: 0n };

const VERSION = '1';
const UNOPENED = '-';

/** A place as opaque text: `1/<log id>/<generation>/<from>/<to or ->/<position>`. */
export function cursorOf(place: LogPlace, { id, generation }: LogIdentity): Cursor {
  const to = place.to === undefined ? UNOPENED : snapshotText(place.to);
  return [VERSION, id, generation, snapshotText(place.from), to, place.position].join('/') as Cursor;
}

/**
 * The place of a cursor, which must be one of this log and generation.
 * @throws {@link InputInvalid} `LF_CURSOR_INVALID` for anything that {@link cursorOf} does not write · `LF_OTHER_LOG`
 */
export function placeOf(cursor: Cursor | 'start', identity: LogIdentity): LogPlace {
  if (cursor === 'start') return START;
  const { log, place } = parse(cursor);
  if (log !== `${identity.id}/${identity.generation}`) {
    throw new InputInvalid(
      'LF_OTHER_LOG',
      `the cursor is one of the log ${log}, this log is ${identity.id}/${identity.generation}; nothing was read: ` +
        'point the follower at its own log, or start it anew under another name or version',
    );
  }
  return place;
}

/** Whether a reader at `cursor` has everything that `head` covers; false when they are cursors of two logs. Pure. @throws `LF_CURSOR_INVALID` */
export function hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
  const end = parse(head);
  if (cursor === 'start') return covers(EMPTY, end.place.from);
  const { log, place } = parse(cursor);
  return log === end.log && covers(place.from, end.place.from);
}

function parse(cursor: Cursor): { readonly log: string; readonly place: LogPlace } {
  const [version, id, generation, first = '', second = '', position = '', ...rest] = cursor.split('/');
  const from = parseSnapshot(first);
  const to = second === UNOPENED ? undefined : parseSnapshot(second);
  const isWhole =
    version === VERSION &&
    from !== undefined &&
    (to === undefined ? second === UNOPENED && position === '0' : covers(to, from)) &&
    /^\d{1,19}$/.test(position) &&
    rest.length === 0;
  if (!isWhole) {
    throw new InputInvalid(
      'LF_CURSOR_INVALID',
      `${JSON.stringify(cursor.slice(0, 100))} is no cursor of a log in Postgres; restore the checkpoint, or start the follower anew under another name or version`,
    );
  }
  return { log: `${id}/${generation}`, place: { from, ...(to !== undefined && { to }), position: BigInt(position) } };
}
