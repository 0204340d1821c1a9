import { LeftfoldError, type StreamVersion } from '@leftfold/core';
import type { WithheldKey } from '../withheld.ts';

/**
 * An event that this reader handles is withheld: it is not in the topic, since a broker refuses it or an earlier one of its key. Its partition stands still, so
 * that nothing is missed; an event of a type that is not handled is passed. `LF_RECORD_WITHHELD`
 */
export class RecordWithheld extends LeftfoldError {
  readonly code = 'LF_RECORD_WITHHELD' as const;
  readonly retryable = false as const;
  readonly key: WithheldKey;
  readonly streamVersion: StreamVersion;
  /** The code of the cause. */
  readonly withheldFor: string;

  constructor(
    key: WithheldKey,
    event: { readonly id: string; readonly type: string; readonly streamVersion: StreamVersion },
    cause: string,
  ) {
    const { id, type, streamVersion } = event;
    super(
      `${type} (${id}, version ${streamVersion} of ${key.stream} in ${key.topic}) is withheld by the relay: ${cause}; ` +
        'mend the cause and redrive the key, or give the event up, then start this follower again; ' +
        'where it was settled already, this follower asks another database than the one that the relay has: give it that list as `withheld`',
    );
    this.key = key;
    this.streamVersion = streamVersion;
    this.withheldFor = cause;
  }
}
