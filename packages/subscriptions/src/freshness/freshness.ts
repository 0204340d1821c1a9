import { eventTypesByName, InputInvalid, NOTHING_WRITTEN, type ReadToken } from '@leftfold/core';
import type { AnyProjection } from '../projection/projection.ts';
import type { Source } from '../source.ts';
import type { Storage } from '../storage.ts';
import type { AwaitedFollower } from './awaited-follower.ts';
import { AwaitedWrite, type AwaitedBy } from './awaited-write.ts';
import { tokenForeign } from './freshness-errors.ts';
import { parseToken } from './read-token.ts';
import { ReadVersions } from './read-versions.ts';
import { TokenPoll } from './token-poll.ts';
import { AwaitedLog } from './awaited-log.ts';

/** Where it is looked whether writes are applied. */
export interface FreshnessOptions {
  readonly storage: Storage;
  /** Those whose topics projections follow: their places say how far these have come. Connects to none. */
  readonly brokers?: readonly { readonly source: Source }[];
}
/** How to wait for a write. */
export interface AppliedOptions {
  /** 0 to 300,000 milliseconds, default 2,000. With 0 it is looked once. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Waits for writes, so that whoever wrote reads no past. */
export interface Freshness {
  /**
   * Resolves when these projections have applied everything that the token stands for; at once where that is so, or where nothing of it concerns them. It is looked at by what is saved, so it does not matter
   * which process follows, and what from; of followers of this process at once, of others every 5 to 50 ms. All who wait share one statement a look.
   *
   * A projection is waited for in the version that queries of this process read now. Of one that is applied inline nothing is to be waited for.
   *
   * A token of an earlier generation of the log (a fail-over, a restore) waits for all that was in the log at the first look: what the log still has of the write is among it.
   *
   * @param token of a receipt, or several of them joined; `undefined` and one that stands for nothing resolve
   * @throws {@link InputInvalid} `LF_TOKEN_INVALID`: no token · `LF_TOKEN_FOREIGN`: of another log, or of a transaction that this one has not given out · `LF_OPTION_OUT_OF_RANGE`
   * @throws {@link NotYetApplied} `LF_NOT_YET_APPLIED` after `timeoutMs`
   * @throws {@link WriteParked} `LF_WRITE_PARKED` at once when an event of the write is parked: no waiting would show it
   * @throws {@link DefinitionError} `LF_FRESHNESS_UNKNOWN` when one is fed from a broker that is not among `brokers`
   */
  applied(
    token: ReadToken | string | undefined,
    projections: readonly AnyProjection[],
    options?: AppliedOptions,
  ): Promise<void>;
}

/** Freshness of the projections in a storage. As many as you like: all of one storage share one poller. */
export function freshness({ storage, brokers = [] }: FreshnessOptions): Freshness {
  const by: AwaitedBy = { progress: storage.progress, sources: brokers.map(({ source }) => source) };
  const versions = new ReadVersions(storage.versions);
  return {
    async applied(token, projections, { timeoutMs = 2_000, signal } = {}) {
      checkTimeout(timeoutMs);
      signal?.throwIfAborted();
      const { transactions, whole } = parseToken(token ?? NOTHING_WRITTEN);
      const written = transactions.filter(({ places }) => places.length > 0);
      if (written.length === 0 && whole.length === 0) return;
      const followers = (
        await Promise.all(
          projections.map(async (projection) =>
            (await versions.of(projection)).map((version) => awaitedFollower(storage, projection, version)),
          ),
        )
      ).flat();
      if (whole.length > 0) await refuseOther(storage, whole);
      const awaited = followers.flatMap((follower) => [
        ...written.map((one) => new AwaitedWrite(follower, one, by)),
        ...whole.map(() => new AwaitedLog(follower, { log: storage.log, sources: by.sources, hashes: undefined })),
      ]);
      // Who has gone meanwhile is told by no listener any more.
      signal?.throwIfAborted();
      if (awaited.length > 0) await TokenPoll.of(storage).wait(awaited, { timeoutMs, signal });
    },
  };
}

/** One version, which another release's projector may feed: then what it handles is not known here. */
function awaitedFollower(storage: Storage, projection: AnyProjection, version: number): AwaitedFollower {
  const isInline = storage.inline?.projections.some((one) => one.name === projection.name && one.version === version);
  return {
    id: { name: projection.name, version },
    types: version === projection.version ? new Set(eventTypesByName(projection.handles).keys()) : undefined,
    isInline: isInline ?? false,
  };
}

async function refuseOther({ log }: Storage, whole: readonly string[]): Promise<void> {
  const { id } = await log.identity();
  const other = whole.find((one) => one !== id);
  if (other !== undefined) throw tokenForeign(`is of the log ${other}, this one is ${id}`);
}

/** @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` */
function checkTimeout(timeoutMs: number): void {
  if (Number.isInteger(timeoutMs) && timeoutMs >= 0 && timeoutMs <= 300_000) return;
  throw new InputInvalid('LF_OPTION_OUT_OF_RANGE', `timeoutMs is ${timeoutMs}; it is a whole number from 0 to 300000`);
}
