import type { StreamVersion } from '@leftfold/core';
import type { PublicRecord } from './encode-records.ts';
import { harmlessLogger } from '../observation/harmless.ts';
import type { Logger } from '../observation/logger.ts';
import { RateLimit } from '../observation/rate-limit.ts';
import type { WithheldCause, WithheldKey, WithheldRequest } from '../withheld.ts';

/** A topic whose limit was lowered may refuse thousands of keys. */
const SAY_AGAIN_MS = 60_000;

/** Says in the log what a relay withholds and what becomes of it. Names topics, types and versions, never a stream: its id may be a person's. */
export class WithheldLog {
  readonly #logger: Logger | undefined;
  readonly #limit: RateLimit;

  constructor(logger: Logger | undefined, now?: () => number) {
    this.#logger = logger && harmlessLogger(logger);
    this.#limit = new RateLimit(SAY_AGAIN_MS, now);
  }

  /** A key is withheld from this event on. Of each topic and cause once a minute. */
  refused({ topic, type, id, streamVersion }: PublicRecord, { code, text }: WithheldCause): void {
    const suppressed = this.#limit.pass(`${topic} ${code}`);
    if (suppressed === undefined) return;
    this.#logger?.error(
      `the broker refuses an event of ${topic}; it is withheld, with all that follows of its key: ${text}. List it, mend the cause and redrive`,
      { topic, type, event: id, version: String(streamVersion), code, suppressed },
    );
  }

  /** A step of a redrive is done. Said when it was the last one, and when something was refused again. */
  settled(
    { topic }: WithheldKey,
    { kind, by }: WithheldRequest,
    { settled, next }: { readonly settled: number; readonly next: StreamVersion | undefined },
  ): void {
    const fields = { topic, request: kind, by, events: settled };
    if (next === undefined)
      this.#logger?.info(`a key of ${topic} is no longer withheld: ${settled} events were sent`, fields);
    else if (settled === 0)
      this.#logger?.error(`a key of ${topic} stays withheld: its first event was refused again`, {
        ...fields,
        version: String(next),
      });
  }
}
