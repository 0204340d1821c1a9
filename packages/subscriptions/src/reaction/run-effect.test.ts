import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { event, t } from '@leftfold/core';
import type { Envelope, RecordedEvent } from '@leftfold/core';
import { expect, test } from 'vitest';
import { underClock, type Clock } from '../clock.ts';
import { park } from '../projection/recovery-policy.ts';
import { reaction, type Effect, type EffectHandler } from './reaction.ts';
import { runEffect, type EffectOutcome } from './run-effect.ts';
import type { SourceRecord } from '../source.ts';
import type { WorkUnderWay } from '../following/status.ts';

const paid = event('shop.order.paid', { cents: t.integer() });
const envelope = {
  id: '0191a1b2-0000-7000-8000-000000000001',
  stream: 'shop.order-o1',
  streamVersion: 3n,
  tenant: '',
  metadata: { correlationId: 'c' },
} as unknown as Envelope;

/** A clock that is moved by hand, from one pause to the next. */
class HandClock implements Clock {
  readonly #waiting = new Set<{ readonly ms: number; readonly wake: () => void }>();
  now(): number {
    return 0;
  }
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const one = { ms, wake: () => (this.#waiting.delete(one), resolve()) };
      this.#waiting.add(one);
      signal.addEventListener('abort', one.wake, { once: true });
    });
    signal.throwIfAborted();
  }
  get pauses(): readonly number[] {
    return [...this.#waiting].map(({ ms }) => ms);
  }
  /** Ends all pauses that are under way. */
  async turn(): Promise<void> {
    for (const { wake } of this.#waiting) wake();
    await setImmediate();
  }
}

/** Runs an effect of a reaction that may take 5 s. */
function running(effect: (effect: Effect) => Promise<unknown>, signal: AbortSignal = new AbortController().signal) {
  const clock = new HandClock();
  const underWay = new Set<WorkUnderWay>();
  const one = reaction('mail', { replay: 'skip', timeoutMs: 5_000 }).on(paid, (_, handed) => effect(handed));
  const ended: Promise<EffectOutcome> = underClock(clock, () =>
    runEffect({
      reaction: one,
      handler: one.effects.get(paid.type) as EffectHandler,
      record: envelope as SourceRecord,
      event: envelope as unknown as RecordedEvent,
      replaying: false,
      recover: park(),
      signal,
      troubled: () => {},
      began: (work) => {
        underWay.add(work);
        return () => void underWay.delete(work);
      },
    }),
  );
  return { clock, underWay, ended };
}
const untilTold = ({ signal }: Effect) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('an effect has a limit: then its signal aborts, and it counts as failed', async () => {
  const { clock, underWay, ended } = running(untilTold);
  expect(clock.pauses).toEqual([5_000]);
  expect([...underWay]).toMatchObject([{ attempt: 1, event: { type: paid.type, streamVersion: 3n } }]);
  await clock.turn();
  expect(await ended).toMatchObject({ kind: 'park', attempts: 1, error: { code: 'LF_EFFECT_TIMED_OUT' } });
  expect([underWay.size, clock.pauses]).toEqual([0, []]);
});
test('one that does not look at its signal is given up a while later', async () => {
  const { clock, ended } = running(() => new Promise(() => {}));
  await clock.turn();
  expect(clock.pauses).toEqual([10_000]);
  await clock.turn();
  expect(await ended).toMatchObject({ kind: 'park', error: { code: 'LF_EFFECT_TIMED_OUT' } });
});
test('what rejects with something else as it is told to end was late; what it says is the cause', async () => {
  const { clock, ended } = running(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('socket closed')))),
  );
  await clock.turn();
  expect(await ended).toMatchObject({ error: { code: 'LF_EFFECT_TIMED_OUT', cause: { message: 'socket closed' } } });
});
test('what gets done though its time is up is done', async () => {
  const { clock, ended } = running(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)));
  await clock.turn();
  expect(await ended).toEqual({ kind: 'done' });
});
test('each attempt has a signal of its own, and leaves nothing on that of its lane', async () => {
  const lane = new AbortController();
  const left = (): number => getEventListeners(lane.signal, 'abort').length;
  const signals: AbortSignal[] = [];
  for (let n = 0; n < 2; n++) {
    const { clock, ended } = running(async ({ signal }) => void signals.push(signal), lane.signal);
    expect(await ended).toEqual({ kind: 'done' });
    expect(clock.pauses).toEqual([]);
  }
  expect(new Set(signals).size).toBe(2);
  expect(signals).not.toContain(lane.signal);
  expect(left()).toBe(0);
});
test('at a stop it is told with the reason of the stop, which is not its failure', async () => {
  const lane = new AbortController();
  const { ended } = running(untilTold, lane.signal);
  lane.abort(new DOMException('the lane is lost', 'AbortError'));
  await expect(ended).rejects.toThrow('the lane is lost');
});
test('a limit is from a second to an hour', () => {
  for (const timeoutMs of [999, 3_600_001, 1_000.5, Number.NaN])
    expect(() => reaction('mail', { replay: 'skip', timeoutMs })).toThrow(
      expect.objectContaining({ code: 'LF_REACTION_INVALID' }),
    );
  expect(reaction('mail', { replay: 'skip' }).timeoutMs).toBe(60_000);
});
