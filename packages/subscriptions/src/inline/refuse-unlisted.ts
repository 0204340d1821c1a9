import { DefinitionError, eventTypesByName, type AnyEventType } from '@leftfold/core';
import type { AnyProjection } from '../projection/projection.ts';
import type { Storage } from '../storage.ts';
import { isFedInline } from './inline.ts';
import { isNotedInline } from './note-inline.ts';

/**
 * Refuses a process that writes events which appends of others fold into rows of several streams, and does not list that projection in `inline`: its appends would be left out of them, for ever, and
 * nothing would tell. To be asked at its start, of the projections that it knows: one statement for each that is concerned.
 * @param written the types that the process writes
 * @throws {@link DefinitionError} `LF_INLINE_UNLISTED`
 */
export async function refuseUnlistedInline(
  storage: Pick<Storage, 'checkpoints' | 'inline'>,
  projections: readonly AnyProjection[],
  written: readonly AnyEventType[],
): Promise<void> {
  for (const projection of projections) {
    if (projection.order !== 'any' || isFedInline(storage, projection)) continue;
    const handled = eventTypesByName([...projection.handles]);
    const on = written.find(({ type }) => handled.has(type));
    if (on === undefined || !isNotedInline(await storage.checkpoints.list(projection))) continue;
    const { name, version } = projection;
    throw new DefinitionError(
      'LF_INLINE_UNLISTED',
      `appends feed projection ${name} version ${version}, and this process writes ${on.type} without feeding it: list the projection in \`inline\` of its storage, too`,
    );
  }
}
