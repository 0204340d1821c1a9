import { LeftfoldError } from '@leftfold/core';

/** A follower on one lane, as checkpoints name it. */
export interface FollowerLane {
  readonly name: string;
  readonly version: number;
  readonly lane: string;
}

/**
 * The log does not stand where it was written: another cluster, or tables that were restored from a dump. Its transaction ids mean nothing there, so nothing is
 * read and nothing written (hazard L6). Only people know what happened: see `docs/operations/log-identity.md`. `LF_LOG_RESTORED`
 */
export class LogRestored extends LeftfoldError {
  readonly code = 'LF_LOG_RESTORED' as const;
  readonly retryable = false as const;
  /** `<system identifier>/<timeline>/<tables>`, as noted with the log and as it is. */
  readonly was: string;
  readonly now: string;

  constructor(schema: string, { was, now }: { readonly was: string; readonly now: string }) {
    super(
      `the log ${schema} was written at ${was} (cluster/timeline/tables) and is now at ${now}; nothing was read or written. ` +
        `Stop everything that uses it, then: restored from a dump or copied: rebase(pool, { schema: '${schema}', reason }); ` +
        `the same data after pg_upgrade, which keeps the transaction ids: acceptCluster(pool, { schema: '${schema}', reason })`,
    );
    this.was = was;
    this.now = now;
  }
}

/**
 * Events or saved places have transaction ids that this cluster has yet to give out: it lost its last ones, or began anew. New events would be taken for seen
 * (hazards L6, L16). Nothing was read or written. `LF_LOG_BEHIND_ITS_CURSORS`
 */
export class LogBehindItsCursors extends LeftfoldError {
  readonly code = 'LF_LOG_BEHIND_ITS_CURSORS' as const;
  readonly retryable = false as const;
  /** Whose saved places lie beyond the cluster; empty when only events do. */
  readonly ahead: readonly FollowerLane[];

  constructor(schema: string, state: BehindState) {
    const { next, highest, ahead } = state;
    const followers = ahead.map(({ name, version, lane }) => `${name} version ${version} lane ${lane}`).join(', ');
    const what =
      highest >= next
        ? `the log ${schema} holds transaction ${highest}`
        : `followers of the log ${schema} have seen later ones`;
    super(
      `the cluster's next transaction is ${next}, but ${what}${followers === '' ? '' : ` (${followers})`}; nothing was read or written. Stop everything that ` +
        `uses it, then: rebase(pool, { schema: '${schema}', reason }) carries all of them over` +
        (highest >= next ? '' : `; or acceptTimeline(pool, { schema: '${schema}', reason }) leaves these behind`),
    );
    this.ahead = ahead;
  }
}

/** What is behind what. */
interface BehindState {
  readonly next: bigint;
  readonly highest: bigint;
  readonly ahead: readonly FollowerLane[];
}

/** The log goes on in a later generation than this reader knew. It asks for its place again; a call is to be repeated. `LF_GENERATION_MOVED` */
export class GenerationMoved extends LeftfoldError {
  readonly code = 'LF_GENERATION_MOVED' as const;
  readonly retryable = true as const;

  constructor(generation: number) {
    super(
      `the log has left generation ${generation}; what was read of it is asked for again. Where this comes again and again, one name leads to several servers`,
    );
  }
}
