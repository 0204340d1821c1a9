import { OutcomeUnknown, type AppendOutcome, type StreamVersion } from '@leftfold/core';
import { readToken, type TokenFrame } from '@leftfold/subscriptions';
import { APPEND_PACE, type AppendPace } from './append-pace.ts';
import { AppendQueue, type AppendQueueLimits, type AppendSender, type SharedAnswer } from './append-queue.ts';
import type { Session } from '../database.ts';
import type { AppendCall, Appends } from './appends.ts';
import type { PostgresInline } from '../inline/postgres-inline.ts';
import type { Connection } from './connection.ts';
import type { DirectAppends } from './direct-appends.ts';
import { frameOf, prepareAppends, type AppendPreparation } from './prepare-append.ts';
import { sharedAppends, sharedAppendValues } from './shared-append-values.ts';
import type { StoreStatements } from './store-statements.ts';

/** Larger ones gain nothing: their own rows cost more than a commit, and the others of a group would wait for them. */
const SHARED_EVENTS = 16;
const SHARED_BYTES = 64 * 1024;

/** What grouping is told about the world around it. */
export interface GroupedAppendsOptions extends AppendPreparation {
  readonly direct: DirectAppends;
  readonly connection: Connection;
  readonly statements: StoreStatements;
  readonly queue: AppendQueueLimits;
  /** Default: as measured. */
  readonly pace?: AppendPace;
  /** What is applied with appends, if anything. */
  readonly inline?: PostgresInline;
}

/**
 * Appends of one process that share a statement and a commit when they come faster than they can go alone: each keeps its own outcome, and whatever goes wrong
 * with one, or for all, the others, or all, are sent as if they had come alone (hazard L22). {@link AppendQueue} says when; `sharedAppendStatement` how.
 *
 * An append on several streams, with unique keys, without events or with many, always goes alone, at once. One that projections are applied with goes alone, too, but takes its turn: each has
 * rows of its own to lock, and a fold that refuses one must not undo the others.
 */
export class GroupedAppends implements Appends {
  readonly #options: GroupedAppendsOptions;
  readonly #queue: AppendQueue;

  constructor(options: GroupedAppendsOptions) {
    this.#options = options;
    const { direct, queue, pace = APPEND_PACE } = options;
    const sender: AppendSender = {
      alone: (call) => direct.append(call),
      resolve: (call, lost) => direct.resolve(call, lost as OutcomeUnknown),
      together: (calls) => this.#together(calls),
    };
    this.#queue = new AppendQueue(sender, pace, queue);
  }

  async append(call: AppendCall): Promise<AppendOutcome> {
    return canShare(call) ? this.#queue.append(call) : this.#options.direct.append(call);
  }

  async #together(all: readonly AppendCall[]): Promise<readonly SharedAnswer[]> {
    const calls = all.filter(({ written }) => this.#options.inline?.concerns(written) !== true);
    const answers = calls.length === 0 ? [] : await this.#sendTogether(calls);
    return all.map((call) => answers[calls.indexOf(call)] ?? 'alone');
  }

  async #sendTogether(calls: readonly AppendCall[]): Promise<readonly SharedAnswer[]> {
    const { connection } = this.#options;
    let isLent = false;
    try {
      return await connection.use((session) => {
        isLent = true;
        return this.#share(session, calls);
      });
    } catch (error) {
      // No connection: then each would wait for one as long again, in vain.
      if (!isLent) throw error;
      return calls.map(() => (error instanceof OutcomeUnknown ? { lost: error } : 'alone'));
    }
  }

  async #share(session: Session, calls: readonly AppendCall[]): Promise<readonly SharedAnswer[]> {
    const { connection, statements, topic } = this.#options;
    const shared = sharedAppends(calls);
    const prepared = await prepareAppends(
      this.#options,
      connection,
      session,
      shared.map(({ append }) => append),
    );
    const frames = new Map(calls.map((call) => [call, frameOf(prepared.log, call.written, topic)]));
    const hasReplies = calls.some(({ reply }) => reply !== undefined);
    const [row] = await session.query<{ readonly versions: string; readonly xid: string }>(
      hasReplies ? statements.sharedWithReplies : statements.shared,
      sharedAppendValues(shared, prepared, (call) => frames.get(call)),
    );
    if (row === undefined) throw new RangeError('the statement of a group answers with one row');
    const versions = row.versions.slice(1, -1).split(',');
    const answers = shared.flatMap(({ append, calls: those }, i): readonly SharedAnswer[] => {
      const last = versions[i];
      if (last === undefined || last === 'NULL') return those.map(() => 'alone');
      let version = BigInt(last) - BigInt(append.events.length);
      return those.map((call) => {
        version += BigInt(call.written[0]?.events.length ?? 0);
        return {
          kind: 'appended',
          versions: [version as StreamVersion],
          token: readToken(frames.get(call) as TokenFrame, row.xid),
          already: false,
        };
      });
    });
    if (answers.some((answer) => answer !== 'alone')) connection.appended();
    return answers;
  }
}

function canShare({ written, all, keys, reply }: AppendCall): boolean {
  const [only] = written;
  if (only === undefined || all.length !== 1 || keys.length > 0 || only.events.length > SHARED_EVENTS) return false;
  // Their tenants differ in no call of the repository's; a statement that tells them apart is the direct one.
  if (reply !== undefined && reply.tenant !== only.stream.tenant) return false;
  return only.events.reduce((sum, { payload }) => sum + payload.length, reply?.reply.length ?? 0) <= SHARED_BYTES;
}
