import { isDeepStrictEqual } from 'node:util';
import { DefinitionError, type Json } from '@leftfold/core';
import { LaneLost, type Checkpoint, type Checkpoints, type FollowerId } from '../checkpoints.ts';
import type { OneCategory } from '../projection/one-category.ts';
import type { AnyProjection } from '../projection/projection.ts';
import { projectorLedger, refuseMoved, savedKind } from '../projection/source-moved.ts';
import type { Cursor } from '../source.ts';
import { INLINE, INLINE_LANE } from './inline.ts';

/** What a note is made with. */
export interface NoteInlineOptions {
  readonly checkpoints: Checkpoints;
  readonly categories: OneCategory;
  /** Of the streams whose events it gets; not known before the first. */
  readonly category: string | undefined;
  /** Whether the log holds any event that it handles. */
  readonly holds: () => Promise<boolean>;
}

/** Claims here only fence others off; nobody works under one. */
const CLAIM = { owner: 'inline', leaseMs: 1_000, respectLease: false } as const;

/**
 * Notes durably that appends feed a projection, in its checkpoints, so that whoever would follow it learns of that, and the other way round. One that is noted already costs one look.
 *
 * Rows of several streams have one source. So they are refused where they are followed already, and where the log holds events of theirs: of those they would know nothing, for ever. A follower
 * that begins at this very moment either finds the note after its claim, or is found here: its lane is claimed from under it before it has moved, and at its next claim it finds the note.
 *
 * @throws {@link DefinitionError} `LF_SOURCE_CHANGED`; `LF_PROJECTION_INVALID` where rows of one stream are fed by streams of a second category
 */
export async function noteInline(projection: AnyProjection, options: NoteInlineOptions): Promise<void> {
  const { checkpoints, categories, category, holds } = options;
  const id: FollowerId = { name: projection.name, version: projection.version };
  const isAlone = projection.order === 'any';
  for (;;) {
    const saved = await checkpoints.list(id);
    if (isAlone) refuseMoved(projection, { name: INLINE }, saved);
    categories.recall(saved);
    if (category !== undefined) categories.check({ category });
    const ledger = projectorLedger({ name: INLINE }, categories.category);
    if (isAlone && !isNotedInline(saved) && (await holds())) {
      // Appended by somebody who has noted it since we have looked?
      if (isNotedInline(await checkpoints.list(id))) continue;
      throw holdsEvents(projection);
    }
    if (await note(id, saved, ledger, checkpoints)) break;
  }
  if (isAlone) await fenceOff(projection, id, checkpoints);
}

/** Whether appends feed it; where the note was taken back they do not. */
export const isNotedInline = (saved: readonly Checkpoint[]): boolean =>
  saved.some((row) => row.lane === INLINE_LANE && savedKind(row) === INLINE);

/** Answers whether it stands; not where somebody else noted something at the same time. */
async function note(
  id: FollowerId,
  saved: readonly Checkpoint[],
  ledger: Json,
  checkpoints: Checkpoints,
): Promise<boolean> {
  const before = saved.find(({ lane }) => lane === INLINE_LANE);
  if (before !== undefined && isDeepStrictEqual(before.ledger, ledger)) return true;
  const claim = await checkpoints.claim(id, INLINE_LANE, CLAIM);
  if (claim === undefined || !isDeepStrictEqual(claim.ledger, before?.ledger ?? null)) return false;
  try {
    await checkpoints.save(claim, { from: claim.cursor, to: INLINE as Cursor, ledger });
  } catch (error) {
    if (error instanceof LaneLost) return false;
    throw error;
  }
  await checkpoints.release(claim);
  return true;
}

/** Takes the lanes of followers that have claimed, but not moved yet, from under them. */
async function fenceOff(projection: AnyProjection, id: FollowerId, checkpoints: Checkpoints): Promise<void> {
  const saved = await checkpoints.list(id);
  const claimed: Checkpoint[] = [];
  for (const { lane } of saved.filter((row) => row.lane !== INLINE_LANE && savedKind(row) === undefined)) {
    const claim = await checkpoints.claim(id, lane, CLAIM);
    if (claim === undefined) continue;
    claimed.push({ ...claim, owner: CLAIM.owner });
    await checkpoints.release(claim);
  }
  try {
    refuseMoved(projection, { name: INLINE }, [...saved, ...claimed]);
  } catch (error) {
    // It was faster, so it goes on, and nothing is fed inline.
    while (!(await note(id, await checkpoints.list(id), null, checkpoints)));
    throw error;
  }
}

function holdsEvents({ name, version }: AnyProjection): DefinitionError {
  return new DefinitionError(
    'LF_SOURCE_CHANGED',
    `projection ${name} version ${version} is to be fed inline, but the log holds events of its types already, which its rows would never count; ` +
      'follow it from the log instead, or fold rows of one stream each, which catch up by themselves',
  );
}
