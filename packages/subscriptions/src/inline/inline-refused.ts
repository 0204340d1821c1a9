import { LeftfoldError } from '@leftfold/core';
import type { AnyProjection } from '../projection/projection.ts';

/**
 * A projection that is fed inline could not fold what was to be appended, or what its rows had missed of the stream; so nothing was appended. `cause` says which event and why:
 * a {@link FoldFault}, an event that cannot be decoded, a value that the table refuses. The same append is refused again until the fold is mended, or the projection
 * is followed instead, where its recovery policy holds. `LF_INLINE_REFUSED`
 */
export class InlineRefused extends LeftfoldError {
  readonly code = 'LF_INLINE_REFUSED' as const;
  readonly retryable = false as const;
  readonly projection: string;
  readonly projectionVersion: number;

  constructor({ name, version }: Pick<AnyProjection, 'name' | 'version'>, cause: unknown) {
    super(
      `projection ${name} version ${version} is fed inline and cannot fold this append (${codeOf(cause)}); nothing was written: ` +
        'mend the fold, or take it out of `inline` and follow it, so that what fails is parked and the append is not',
      { cause },
    );
    this.projection = name;
    this.projectionVersion = version;
  }
}

const codeOf = (cause: unknown): string => {
  const { code } = (typeof cause === 'object' && cause !== null ? cause : {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'see its cause';
};

/** What goes on as it is: whatever heals by itself, or is no doing of the projection's. */
const isOfStorage = (error: unknown): boolean => error instanceof LeftfoldError;

/** Runs what the projection alone is to blame for. @throws {@link InlineRefused} */
export function refusing<T>(projection: AnyProjection, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LeftfoldError && error.retryable) throw error;
    throw new InlineRefused(projection, error);
  }
}

/** The same for a statement on its tables: a storage's own faults are told as they are. @throws {@link InlineRefused} */
export async function refusingStatement<T>(projection: AnyProjection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOfStorage(error)) throw error;
    throw new InlineRefused(projection, error);
  }
}
