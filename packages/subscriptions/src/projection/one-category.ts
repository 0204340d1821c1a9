import { DefinitionError } from '@leftfold/core';
import type { Checkpoint } from '../checkpoints.ts';
import type { AnyProjection } from './projection.ts';
import type { SourceRecord } from '../source.ts';

/**
 * Sees to it that rows of one stream are fed by streams of one category. A row is found by its stream's key and knows one version: of a second stream
 * with the same key, in another category, the events would be compared with it, taken for old ones and skipped without a word.
 */
export class OneCategory {
  readonly #projection: Pick<AnyProjection, 'name' | 'version' | 'order'>;
  #category: string | undefined;

  constructor(projection: Pick<AnyProjection, 'name' | 'version' | 'order'>) {
    this.#projection = projection;
  }

  /** The category; `undefined` before the first event, and where rows are fed by any streams. */
  get category(): string | undefined {
    return this.#category;
  }

  /** Takes over what was found before, by whichever process, on whichever lane. */
  recall(checkpoints: readonly Checkpoint[]): void {
    for (const { ledger } of checkpoints) {
      const { category } = (ledger ?? {}) as { readonly category?: unknown };
      if (typeof category === 'string') this.#category ??= category;
    }
  }

  /** @throws {@link DefinitionError} `LF_PROJECTION_INVALID` for an event of a second category */
  check({ category }: Pick<SourceRecord, 'category'>): void {
    const { name, version, order } = this.#projection;
    if (order === 'any') return;
    this.#category ??= category;
    if (this.#category === category) return;
    throw new DefinitionError(
      'LF_PROJECTION_INVALID',
      `projection ${name} version ${version} is fed by streams of ${this.#category} and of ${category}, but its rows belong to one stream each, so that events would be taken for old ones; give it order: 'any' with { by }, or each category a projection of its own`,
    );
  }
}
