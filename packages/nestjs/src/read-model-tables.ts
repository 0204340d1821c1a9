import { setTimeout as timer } from 'node:timers/promises';
import type { AnyEventType } from '@leftfold/core';
import { boundVersion, ReadModelForbidden, refuseUnlistedInline } from '@leftfold/subscriptions';
import type { AnyProjection, Storage } from '@leftfold/subscriptions';
import { Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

/** Which version of a read model the queries of this process read. */
export interface BoundReadModel {
  readonly projection: string;
  /** That of the definition in this process. */
  readonly version: number;
  /** `null`: none that this code knows is live, or nobody could be asked yet. */
  readonly reads: number | null;
}

/** Between two looks: while there is nothing to read, and afterwards. */
const [UNBOUND_MS, BOUND_MS] = [1_000, 60_000];

/**
 * Makes the tables of this process' read models before it takes requests, and holds it back from being ready until there is a live version of each whose columns its code knows. So in a
 * rolling deploy no request reads what is only being built; and an API that starts before the first projector answers from empty tables and not with a fault.
 */
export class ReadModelTables implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger('Leftfold');
  readonly #storage: Storage;
  readonly #projections: () => readonly AnyProjection[];
  readonly #written: () => readonly AnyEventType[];
  readonly #halt = new AbortController();
  #bound: readonly BoundReadModel[] = [];
  #hasLooked = false;

  /** @param projections and the types that the process writes: asked at bootstrap */
  constructor(storage: Storage, projections: () => readonly AnyProjection[], written: () => readonly AnyEventType[]) {
    this.#storage = storage;
    this.#projections = projections;
    this.#written = written;
  }

  async onApplicationBootstrap(): Promise<void> {
    const projections = this.#projections();
    this.#bound = projections.map(({ name, version }) => ({ projection: name, version, reads: null }));
    // A projection that its appends may not feed is better known now than at the first of them.
    if (projections.length > 0) await this.#storage.inline?.prepare();
    const made: AnyProjection[] = [];
    for (const projection of projections) if (await this.#prepare(projection)) made.push(projection);
    await refuseUnlistedInline(this.#storage, made, this.#written());
    if (projections.length === 0 || this.#halt.signal.aborted) return;
    await this.#look(projections);
    void this.#goOn(projections);
  }
  /** Waits for nothing: a server that does not answer must not keep the process. */
  beforeApplicationShutdown(): void {
    this.#halt.abort();
  }

  /** The projections, each with where it is. */
  followed(): readonly { readonly storage: Storage; readonly projection: AnyProjection }[] {
    return this.#projections().map((projection) => ({ storage: this.#storage, projection }));
  }
  /** As the last look found it, up to a minute ago. */
  get bound(): readonly BoundReadModel[] {
    return this.#bound;
  }

  /** A login that only reads can make nothing, and need not: a projector does. Until then there is nothing to read, and the process is not ready. Answers whether the tables are there. */
  async #prepare({ tables }: AnyProjection): Promise<boolean> {
    try {
      await this.#storage.readModels.prepare(tables);
      return true;
    } catch (error) {
      if (!(error instanceof ReadModelForbidden)) throw error;
      this.#log.warn(`not ready: ${error.code}: ${error.message}`);
      return false;
    }
  }
  async #goOn(projections: readonly AnyProjection[]): Promise<void> {
    const { signal } = this.#halt;
    while (!signal.aborted) {
      const isBound = this.#bound.every(({ reads }) => reads !== null);
      await timer(isBound ? BOUND_MS : UNBOUND_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await this.#look(projections);
    }
  }
  /** One statement for all. Where nobody answers all is as it was: that a server is away makes no bound process unready. */
  async #look(projections: readonly AnyProjection[]): Promise<void> {
    const versions = await this.#storage.versions.list().catch(() => undefined);
    if (versions === undefined) return;
    const before = this.#bound;
    this.#bound = projections.map(({ name, version, tables }) => {
      const ofThis = versions.filter(({ projection }) => projection === name);
      return { projection: name, version, reads: boundVersion(tables, ofThis)?.version ?? null };
    });
    const news = this.#bound.filter(({ reads }, n) => !this.#hasLooked || reads !== before[n]?.reads);
    this.#hasLooked = true;
    for (const one of news)
      if (one.reads === null) this.#log.warn(`not ready: ${sayUnbound(one)}`);
      else this.#log.log(`${one.projection} is read in version ${one.reads}`);
  }
}

/** Why a process is not ready. */
export const sayUnbound = ({ projection, version }: Pick<BoundReadModel, 'projection' | 'version'>): string =>
  `no version of ${projection} that the code of version ${version} can read is live (LF_READ_MODEL_UNBOUND)`;
