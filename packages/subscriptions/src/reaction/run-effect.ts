import type { RecordedEvent } from '@leftfold/core';
import { AtEvent } from '../following/at-event.ts';
import { fullJitter } from '../following/backoff.ts';
import { effectKey } from './effect-key.ts';
import { pause } from '../following/pause.ts';
import { AGAIN, recoveryOf } from '../following/recovery.ts';
import type { Recover, RecoveryStep } from '../projection/recovery-policy.ts';
import type { AnyReaction, Effect, EffectHandler } from './reaction.ts';
import type { SourceRecord } from '../source.ts';

/** An effect that does not look at its signal is not waited for longer than this at a stop. It counts as not done, and is run again. */
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
  /** Ends the waiting, and is handed to the effect. */
  readonly signal: AbortSignal;
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
): AtEvent => new AtEvent(error, { id, type: on.type, stream, streamVersion });

async function once(
  { reaction, handler, record, event, replaying, signal }: EffectRun,
  attempt: number,
): Promise<void> {
  const { correlationId, traceparent, actor } = event.metadata;
  const effect: Effect = {
    idempotencyKey: effectKey(reaction.name, record.tenant, record.id),
    replaying,
    attempt,
    signal,
    metadata: {
      correlationId,
      causationId: event.id,
      ...(traceparent !== undefined && { traceparent }),
      ...(actor !== undefined && { actor }),
      ...(record.tenant !== '' && { tenant: record.tenant }),
    },
  };
  await withinGrace(handler.effect(event as never, Object.freeze(effect)), signal);
}

/** The work, but at most a while after the signal has aborted. */
async function withinGrace(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const aborted = (): void => void (timer = setTimeout(() => reject(signal.reason), GRACE_MS));
  signal.addEventListener('abort', aborted, { once: true });
  try {
    await Promise.race([work, givenUp]);
  } finally {
    signal.removeEventListener('abort', aborted);
    clearTimeout(timer);
  }
}

/** The n-th pause of a policy: doubled each time up to a minute, the upper half of it drawn. */
function backoffMs(recover: Recover, n: number): number {
  const bound = recover.kind === 'retry' ? Math.min(MOST_MS, recover.backoffMs * 2 ** (n - 1)) : 0;
  return bound / 2 + (Math.random() * bound) / 2;
}
