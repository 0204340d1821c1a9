import { LeftfoldError } from '@leftfold/core';
import type { FollowerId } from './checkpoints.ts';
import type { ModelTables } from './read-models.ts';

/** Whether queries may read a version: not while it is `'building'`. */
export type VersionState = 'building' | 'live';

/** A version of a projection, as anybody may read it. */
export interface ModelVersion {
  readonly projection: string;
  readonly version: number;
  /** Stands for its columns: `columnsFingerprint`. `null` where nobody knows, as of tables that a projection makes itself. */
  readonly columns: string | null;
  readonly state: VersionState;
  /** True: it becomes live by hand alone ({@link Versions.set}). */
  readonly isHeld: boolean;
  /** Since when it has been in this state. */
  readonly since: Date;
  /** When a process last began to follow with it. Absent where none ever did. */
  readonly followedAt?: Date;
  /** The processes that feed it now, by name. One that died counts until its lease ends. */
  readonly fedBy: readonly string[];
}

/** No version that queries of this code may read is live. The same query may succeed later. `LF_READ_MODEL_UNBOUND` */
export class ReadModelUnbound extends LeftfoldError {
  readonly code = 'LF_READ_MODEL_UNBOUND' as const;
  readonly retryable = true as const;
  readonly projection: string;

  constructor({ projection, version }: Pick<ModelTables, 'projection' | 'version'>) {
    super(
      `no live version of ${projection} has the columns of version ${version}, which this code reads; a version is live once its projector has caught up: ` +
        `see that one runs, and let no request come here before the process is ready`,
    );
    this.projection = projection;
  }
}

/** The tables of a version are not there, or not registered, and this process' login may do neither. Whoever may, a projector, does; until then there is nothing to read. `LF_READ_MODEL_FORBIDDEN` */
export class ReadModelForbidden extends LeftfoldError {
  readonly code = 'LF_READ_MODEL_FORBIDDEN' as const;
  readonly retryable = false as const;

  constructor({ projection, version }: Pick<ModelTables, 'projection' | 'version'>, options?: ErrorOptions) {
    super(
      `this login may not make the tables of ${projection} version ${version}, nor register them; let a projector start, or give the login the role of one`,
      options,
    );
  }
}

/**
 * Which versions of projections there are, and which of them queries may read. Two releases of an application read and feed a version each, beside each other, so
 * neither a rolling deploy nor going back to the old code stands in anybody's way.
 *
 * The first version of a projection is live at once; a later one when its follower has passed, on every lane, the end that it found when it started. One that was live
 * stays so: it is fed while a process that holds its definition follows, and goes on from its own place when one does again.
 */
export interface Versions {
  /**
   * Notes that there is this version; idempotent, and safe when several processes do it at once. Needs no right to write where it is noted already. Answers its state.
   * @param options `isHeld`: it becomes live by hand alone, also when it is the first; one that is live already stays so.
   */
  register(tables: ModelTables, options?: { readonly isHeld?: boolean }): Promise<VersionState>;
  /** A process follows with this version from now on. Answers its state; `undefined` where nobody has registered it. */
  following(follower: FollowerId): Promise<VersionState | undefined>;
  /** Its follower has passed what it had to: it is live, unless it is held. Answers its state; `undefined` where nobody has registered it. */
  passed(follower: FollowerId): Promise<VersionState | undefined>;
  /** By hand: from now on it is live, or is building and held until it is set to live. False where nobody has registered it. */
  set(follower: FollowerId, state: VersionState): Promise<boolean>;
  /** All versions whose tables are there, of one projection or of all, by name and number. */
  list(projection?: string): Promise<readonly ModelVersion[]>;
  /**
   * The version that queries of these tables read now: of those that are live and have these columns, or are this very version, the newest that is fed; where none is, the one that
   * was last. Of tables that a projection makes itself this very version, once it is live. May be some seconds old; `undefined`, there is none, is so now.
   */
  bound(tables: ModelTables): Promise<number | undefined>;
}
