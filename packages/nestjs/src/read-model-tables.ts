import type { AnyProjection, Storage } from '@leftfold/subscriptions';
import type { OnApplicationBootstrap } from '@nestjs/common';

/**
 * Makes the tables of this process' read models before it takes requests: an API that starts before its projector then answers from empty tables
 * and not with a fault.
 */
export class ReadModelTables implements OnApplicationBootstrap {
  readonly #storage: Storage;
  readonly #projections: () => readonly AnyProjection[];

  constructor(storage: Storage, projections: () => readonly AnyProjection[]) {
    this.#storage = storage;
    this.#projections = projections;
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const { rowTable } of this.#projections()) await this.#storage.readModels.prepare(rowTable);
  }
}
