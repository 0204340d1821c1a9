import { InputInvalid } from '@leftfold/core';
import type { Cursor, LogIdentity } from '@leftfold/subscriptions';
import { WHOLE, type LaneClass } from './lane-class.ts';
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

/**
 * A place as opaque text: `1/<log id>/<generation>/<from>/<to or ->/<position>`, and of one of several lanes `…/<lane>.<lanes>`: it says what is done of
 * that lane's events alone.
 */
export function cursorOf(place: LogPlace, { id, generation }: LogIdentity, lane: LaneClass = WHOLE): Cursor {
  const to = place.to === undefined ? UNOPENED : snapshotText(place.to);
  const of = lane.of === 1 ? '' : `/${lane.lane}.${lane.of}`;
  return `${VERSION}/${id}/${generation}/${snapshotText(place.from)}/${to}/${place.position}${of}` as Cursor;
}

/**
 * The place of a cursor, which must be one of this log, generation and lane.
 * @throws {@link InputInvalid} `LF_CURSOR_INVALID` for anything that {@link cursorOf} does not write · `LF_OTHER_LOG` · `LF_LANES_CHANGED`
 */
export function placeOf(cursor: Cursor | 'start', identity: LogIdentity, lane: LaneClass = WHOLE): LogPlace {
  if (cursor === 'start') return START;
  const parsed = parseCursor(cursor);
  if (parsed.log !== `${identity.id}/${identity.generation}`) {
    throw new InputInvalid(
      'LF_OTHER_LOG',
      `the cursor is one of the log ${parsed.log}, this log is ${identity.id}/${identity.generation}; nothing was read: ` +
        'point the follower at its own log, or start it anew under another name or version',
    );
  }
  checkDivision(parsed.lane, lane.of);
  if (parsed.lane.lane !== lane.lane) {
    throw new InputInvalid(
      'LF_CURSOR_INVALID',
      `the cursor is one of lane ${parsed.lane.lane}, not ${lane.lane}; nothing was read: restore the checkpoint`,
    );
  }
  return parsed.place;
}

/** Whether a cursor is of this log, but of a generation before or after. @throws `LF_CURSOR_INVALID` */
export function isOfOtherGeneration(cursor: Cursor, { id, generation }: LogIdentity): boolean {
  const { log } = parseCursor(cursor);
  return log !== `${id}/${generation}` && log.startsWith(`${id}/`);
}

/** @throws {@link InputInvalid} `LF_LANES_CHANGED` when a cursor is of another number of lanes · `LF_CURSOR_INVALID` */
export function checkCursorLanes(cursor: Cursor, lanes: number): void {
  checkDivision(parseCursor(cursor).lane, lanes);
}

function checkDivision(saved: LaneClass, lanes: number): void {
  if (saved.of === lanes) return;
  throw new InputInvalid(
    'LF_LANES_CHANGED',
    `this follower's places are of a log read in ${saved.of} lanes, now it has ${lanes}; nothing was read: ` +
      `give \`lanes\` its old value, or start the follower anew under another version`,
  );
}

/**
 * Whether a reader at `cursor` has everything that `head` covers; false when they are cursors of two logs or of different lanes. Pure.
 * @throws `LF_CURSOR_INVALID`
 */
export function hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
  const end = parseCursor(head);
  if (cursor === 'start') return reaches(START, end.place);
  const { log, place, lane } = parseCursor(cursor);
  const isSameLane = lane.lane === end.lane.lane && lane.of === end.lane.of;
  return log === end.log && isSameLane && reaches(place, end.place);
}

/** Whether everything that is done at `end` is done at `place`. */
export function reaches(place: LogPlace, end: LogPlace): boolean {
  if (end.to === undefined || end.position === 0n) return covers(place.from, end.from);
  if (covers(place.from, end.to)) return true;
  const isSameWindow =
    place.to !== undefined &&
    snapshotText(place.from) === snapshotText(end.from) &&
    snapshotText(place.to) === snapshotText(end.to);
  return isSameWindow && place.position >= end.position;
}

/** What a cursor says: of which log and generation, `<id>/<generation>`, of which lane, and where. @throws {@link InputInvalid} `LF_CURSOR_INVALID` */
export function parseCursor(cursor: Cursor): {
  readonly log: string;
  readonly lane: LaneClass;
  readonly place: LogPlace;
} {
  const [version, id, generation, first = '', second = '', position = '', of, ...rest] = cursor.split('/');
  const from = parseSnapshot(first);
  const to = second === UNOPENED ? undefined : parseSnapshot(second);
  const lane = of === undefined ? WHOLE : parseLane(of);
  const isWhole =
    version === VERSION &&
    from !== undefined &&
    lane !== undefined &&
    (to === undefined ? second === UNOPENED && position === '0' : covers(to, from)) &&
    /^\d{1,19}$/.test(position) &&
    rest.length === 0;
  if (!isWhole) {
    throw new InputInvalid(
      'LF_CURSOR_INVALID',
      `${JSON.stringify(cursor.slice(0, 100))} is no cursor of a log in Postgres; restore the checkpoint, or start the follower anew under another name or version`,
    );
  }
  return {
    log: `${id}/${generation}`,
    lane,
    place: { from, ...(to !== undefined && { to }), position: BigInt(position) },
  };
}

function parseLane(text: string): LaneClass | undefined {
  const [, lane, of] = /^(\d{1,2})\.(\d{1,2})$/.exec(text) ?? [];
  return lane === undefined || of === undefined || Number(of) < 2 || Number(lane) >= Number(of)
    ? undefined
    : { lane: Number(lane), of: Number(of) };
}
