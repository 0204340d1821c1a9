import { DefinitionError, eventTypesByName } from '@leftfold/core';
import type { StoredEvent, StreamAppend } from '@leftfold/core';
import { OneCategory } from '../projection/one-category.ts';
import { isFolded, type AnyProjection, type FoldedProjection } from '../projection/projection.ts';
import { logRecord } from '../record/log-record.ts';
import type { Storage } from '../storage.ts';
import { foldInline, writeInline } from './apply-inline.ts';
import type { InlineFold, InlineTransaction, InlineWrite, StreamHistory } from './apply-inline.ts';
import type { Inline } from './inline.ts';
import { noteInline } from './note-inline.ts';

/** What a storage's inline projections need of it. */
export interface InlineStorage extends Pick<Storage, 'checkpoints' | 'readModels' | 'versions'> {
  /** Whether the log holds an event of one of these types, under these names. */
  readonly holds: (types: readonly string[]) => Promise<boolean>;
}

/** One of them, with what this process knows of it. */
interface InlineOne extends InlineFold {
  readonly categories: OneCategory;
  /** It may be applied. */
  isReady: boolean;
  becomingReady: Promise<void> | undefined;
}

/**
 * The projections that a storage applies inside its appends, for an adapter to do it with: {@link concerns} an append, {@link ready} before it, {@link apply} in its transaction.
 * They are applied by name, then version, whatever the order they are listed in: so two appends never wait for each other in a circle.
 *
 * @throws {@link DefinitionError} `LF_INLINE_INVALID` for one that is listed twice, or runs statements of its own
 */
export class InlineProjections implements Inline {
  readonly projections: readonly FoldedProjection[];
  readonly #storage: InlineStorage;
  readonly #all: readonly InlineOne[];

  constructor(projections: readonly AnyProjection[], storage: InlineStorage) {
    this.projections = checked(projections);
    this.#storage = storage;
    this.#all = this.projections.map((projection) => {
      const categories = new OneCategory(projection);
      return {
        projection,
        types: eventTypesByName(projection.handles),
        categories,
        check: (record) => categories.check(record),
        isReady: false,
        becomingReady: undefined,
      };
    });
  }

  async prepare(): Promise<void> {
    for (const one of this.#all) {
      const { projection } = one;
      if (projection.order === 'any') await this.#makeReady(one);
      else await this.#storage.readModels.prepare(projection.tables);
    }
  }

  /** Whether any of them handles an event of this append. */
  concerns(appends: readonly StreamAppend[]): boolean {
    return this.#all.some((one) => handledIn(one, appends) !== undefined);
  }

  /**
   * Makes tables and notes that are needed for this append, by the first that does; afterwards it is `undefined`, at once. Not to be called while a connection of the pool is held.
   * @throws `LF_ROW_TABLE_CHANGED` · `LF_SOURCE_CHANGED` · `LF_INLINE_REFUSED`
   */
  ready(appends: readonly StreamAppend[]): Promise<void> | undefined {
    const missing = this.#all.filter((one) => !one.isReady && handledIn(one, appends) !== undefined);
    if (missing.length === 0) return undefined;
    return missing.reduce(
      (before, one) => before.then(() => this.#makeReady(one, handledIn(one, appends)?.stream)),
      Promise.resolve(),
    );
  }

  /**
   * Folds the events of one append into all of them. What it throws rolls the append back.
   * @param appended all its events, as they stand in the log; of each stream in order.
   * @throws `LF_INLINE_REFUSED` · `LF_NEWER_EVENT` · `LF_ROW_RACED`: the append is to be run again
   */
  async apply(tx: InlineTransaction, appended: readonly StoredEvent[], history: StreamHistory): Promise<void> {
    const records = appended.map(logRecord);
    const writes: InlineWrite[] = [];
    // All locks on rows that are there before any on rows that are not: whoever writes waits for nobody who still reads, so nobody waits in a circle, whatever the tables are.
    for (const one of this.#all) writes.push(await foldInline(one, tx, records, history));
    for (const write of writes) await writeInline(write, tx);
  }

  /** Once for all that ask meanwhile; what failed is tried again by the next one. */
  #makeReady(one: InlineOne, of?: { readonly category: string }): Promise<void> {
    one.becomingReady ??= this.#prepareOne(one, of).finally(() => (one.becomingReady = undefined));
    return one.becomingReady;
  }
  async #prepareOne(one: InlineOne, of: { readonly category: string } | undefined): Promise<void> {
    if (one.isReady) return;
    await this.#storage.readModels.prepare(one.projection.tables);
    await noteInline(one.projection, {
      checkpoints: this.#storage.checkpoints,
      categories: one.categories,
      category: of?.category,
      holds: () => this.#storage.holds([...one.types.keys()]),
    });
    await this.#release(one.projection);
    one.isReady = true;
  }
  /** No follower does for a version what it does for others. Rows of several streams are whole by now; those of one stream are once a follower has passed, as ever. */
  async #release({ name, version, order }: FoldedProjection): Promise<void> {
    const { versions } = this.#storage;
    const state = await versions.following({ name, version });
    if (order === 'any' && state === 'building') await versions.passed({ name, version });
  }
}

const handledIn = ({ types }: InlineOne, appends: readonly StreamAppend[]): StreamAppend | undefined =>
  appends.find(({ events }) => events.some(({ schema }) => types.has(schema.type)));

function checked(projections: readonly AnyProjection[]): readonly FoldedProjection[] {
  const seen = new Set<string>();
  return projections
    .map((projection) => {
      const name = `${projection.name} version ${projection.version}`;
      if (!isFolded(projection)) {
        throw new DefinitionError(
          'LF_INLINE_INVALID',
          `${name} runs statements of its own, whose locks an append cannot order; fold its rows, or follow it`,
        );
      }
      if (seen.has(name)) throw new DefinitionError('LF_INLINE_INVALID', `${name} is listed twice in \`inline\``);
      seen.add(name);
      return projection;
    })
    .sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1));
}
