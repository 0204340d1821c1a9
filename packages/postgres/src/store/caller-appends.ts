import { Conflict, UniqueKeyTaken } from '@leftfold/core';
import type { AppendOutcome } from '@leftfold/core';
import type { AppendCall, Appends } from './appends.ts';

/** Appends in a transaction of the caller's, who alone can run it again: so a conflict and a key that is taken are told as errors. */
export class CallerAppends implements Appends {
  readonly #appends: Appends;

  constructor(appends: Appends) {
    this.#appends = appends;
  }

  /** @throws {@link Conflict} `LF_CONFLICT` · {@link UniqueKeyTaken} `LF_UNIQUE_KEY_TAKEN` */
  async append(call: AppendCall): Promise<AppendOutcome> {
    const outcome = await this.#appends.append(call);
    if (outcome.kind === 'conflict') throw new Conflict(outcome.stream, outcome.actual);
    if (outcome.kind === 'taken') throw new UniqueKeyTaken(outcome.key, outcome.by);
    return outcome;
  }
}
