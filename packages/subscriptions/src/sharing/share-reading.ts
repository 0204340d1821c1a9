import { createHash } from 'node:crypto';
import { eventTypesByName, type AnyEventType } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';
import type { RowTable } from '../projection/row-table.ts';
import type { Source } from '../source.ts';
import type { Storage } from '../storage.ts';
import { SharedSource } from './shared-source.ts';
import { takingTurns } from './row-turns.ts';
import { SharedTransactions } from './shared-transactions.ts';

/** Where followers read, and where they write. */
export interface SharedReading {
  readonly from: Source;
  readonly storage: Storage;
}

/** A projection, or a reaction. */
type SharingFollower = FollowerId & {
  readonly handles: readonly AnyEventType[];
  /** Of a projection that folds rows. */
  readonly rowTable?: Pick<RowTable, 'order'>;
};

/**
 * What several followers of one process are to be given in place of a source and a storage, so that they read once: see {@link SharedSource}. To be made for all of them at once, before the first
 * starts.
 *
 * Work that is given to a transaction may be run more than once. Transactions of followers whose rows many streams feed take turns, also where there is one follower alone ({@link takingTurns}).
 */
export function shareReading(followers: readonly SharingFollower[], { from, storage }: SharedReading): SharedReading {
  const meeting = followers.filter(({ rowTable }) => rowTable?.order === 'any');
  const readModels = takingTurns(storage.readModels, meeting);
  if (followers.length < 2) return { from, storage: meeting.length === 0 ? storage : { ...storage, readModels } };
  const transactions = new SharedTransactions(readModels);
  const types = [...new Set(followers.flatMap(({ handles }) => [...eventTypesByName(handles).keys()]))];
  return {
    from: new SharedSource(from, { name: nameOf(followers), only: { types }, together: transactions.together }),
    storage: { ...storage, readModels: transactions.readModels },
  };
}

/** The same in every process that runs the same followers; 48 bits, since groups of a broker are told apart by it. */
function nameOf(followers: readonly FollowerId[]): string {
  const names = followers.map(({ name, version }) => `${name}-v${version}`).toSorted();
  return `projector-${createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 12)}`;
}
