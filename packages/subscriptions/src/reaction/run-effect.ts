import type { RecordedEvent } from '@leftfold/core';
import { AtEvent } from '../following/at-event.ts';
import { fullJitter } from '../following/backoff.ts';
import { effectKey } from './effect-key.ts';
import { EffectTimedOut } from './effect-timed-out.ts';
import { pause } from '../following/pause.ts';
import { AGAIN, recoveryOf } from '../following/recovery.ts';
import type { Recover, RecoveryStep } from '../projection/recovery-policy.ts';
import type { AnyReaction, Effect, EffectHandler } from './reaction.ts';
import type { SourceRecord } from '../source.ts';
import type { EventReference, WorkUnderWay } from '../following/status.ts';

/** An effect that does not look at its signal is not waited for longer than this at a stop, or beyond its limit. It counts as not done, and is run again. */
const GRACE_MS = 10_000;
/** Between attempts by the policy. */
const MOST_MS = 60_000;

/** What the runs of a reaction's effects share. */
export interface EffectRun {
  readonly reaction: AnyReaction;
  readonly handler: EffectHandler;
  readonly record: SourceRecord;
  readonly event: RecordedEvent;
  readonly replaying: boolean;
  readonly recover: Recover;
  /** Ends the waiting; the effect is told by a signal of its own. */
  readonly signal: AbortSignal;
  /** Shows that an attempt is under way, until what it answers is called. */
  readonly began: (work: WorkUnderWay) => () => void;
  /** Shows what is tried again. */
  readonly troubled: (error: unknown) => void;
}

/** How a run ended: done; the policy's last step, for this reason; or it has to wait for newer code. */
export type EffectOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: RecoveryStep['kind']; readonly error: unknown; readonly attempts: number }
  | { readonly kind: 'wait'; readonly error: unknown };

/**
 * Runs an effect until it is done, or until its recovery policy says otherwise. What a server of ours does not answer, as to a command that the effect gives, is
 * tried again without end, visibly; so the policy counts the effect's own faults alone.
 * @throws the signal's reason once it aborts and the effect has not been done
 */
export async function runEffect(run: EffectRun): Promise<EffectOutcome> {
  const { recover, signal } = run;
  for (let attempt = 1, failures = 0, again = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      await once(run, attempt);
      return { kind: 'done' };
    } catch (thrown) {
      signal.throwIfAborted();
      const error: unknown = thrown ?? new Error(`the effect rejected with ${String(thrown)}`);
      const recovery = recoveryOf(error);
      if (recovery === 'wait') return { kind: 'wait', error };
      if (recovery === 'stop') {
        if (recover.kind !== 'retry') return { kind: recover.kind, error, attempts: attempt };
        failures += 1;
        if (failures > recover.times) return { kind: recover.then.kind, error, attempts: attempt };
      } else again += 1;
      run.troubled(atRecord(run.record, run.handler, error));
      await pause(recovery === 'stop' ? backoffMs(recover, failures) : fullJitter(again, AGAIN), signal);
    }
  }
}

/** An error with the event it is about, for the status. */
export const atRecord = (
  { id, stream, streamVersion }: SourceRecord,
  { on }: Pick<EffectHandler, 'on'>,
  error: unknown,
): AtEvent => new AtEvent(error, referenceOf({ id, stream, streamVersion }, { on }));

const referenceOf = (
  { id, stream, streamVersion }: Pick<SourceRecord, 'id' | 'stream' | 'streamVersion'>,
  { on }: Pick<EffectHandler, 'on'>,
): EventReference => ({ id, type: on.type, stream, streamVersion });

async function once(run: EffectRun, attempt: number): Promise<void> {
  const { reaction, handler, record, event, replaying, signal } = run;
  const { correlationId, traceparent, actor } = event.metadata;
  // A signal of its own for each attempt: one that all share would keep what each of them has left on it.
  const own = new AbortController();
  const effect: Effect = {
    idempotencyKey: effectKey(reaction.name, record.tenant, record.id),
    replaying,
    attempt,
    signal: own.signal,
    metadata: {
      correlationId,
      causationId: event.id,
      ...(traceparent !== undefined && { traceparent }),
      ...(actor !== undefined && { actor }),
      ...(record.tenant !== '' && { tenant: record.tenant }),
    },
  };
  const ended = run.began({ event: referenceOf(record, handler), attempt, since: new Date() });
  try {
    await bounded(() => handler.effect(event as never, Object.freeze(effect)), own, signal, {
      limitMs: reaction.timeoutMs,
      late: (cause) => new EffectTimedOut(reaction.name, handler.on.type, reaction.timeoutMs, cause),
    });
  } finally {
    ended();
  }
}

/**
 * The work, up to its limit. Then, or at a stop, it is told by its own signal, and waited for a while longer: if it gets done all the same, it is.
 * @throws what the work rejects with; `late` once its limit has passed, whatever it rejects with; the signal's reason when it was given up at a stop
 */
async function bounded(
  work: () => Promise<unknown>,
  own: AbortController,
  signal: AbortSignal,
  { limitMs, late }: { readonly limitMs: number; readonly late: (cause?: unknown) => Error },
): Promise<void> {
  const isOver = new AbortController();
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  let isLate = false;
  const stopped = (): void => {
    own.abort(signal.reason);
    // By the machine's clock: at a stop nobody turns another one.
    grace = setTimeout(() => giveUp(signal.reason), GRACE_MS);
  };
  const watch = async (): Promise<void> => {
    await pause(limitMs, isOver.signal);
    isLate = true;
    own.abort(late());
    await pause(GRACE_MS, isOver.signal);
    giveUp(late());
  };
  signal.addEventListener('abort', stopped, { once: true });
  watch().catch(() => {});
  try {
    await Promise.race([work(), givenUp]);
  } catch (error) {
    // While it stops it is not its limit that matters.
    throw isLate && !signal.aborted && !(error instanceof EffectTimedOut) ? late(error) : error;
  } finally {
    isOver.abort();
    signal.removeEventListener('abort', stopped);
    clearTimeout(grace);
  }
}

/** The n-th pause of a policy: doubled each time up to a minute, the upper half of it drawn. */
function backoffMs(recover: Recover, n: number): number {
  const bound = recover.kind === 'retry' ? Math.min(MOST_MS, recover.backoffMs * 2 ** (n - 1)) : 0;
  return bound / 2 + (Math.random() * bound) / 2;
}
