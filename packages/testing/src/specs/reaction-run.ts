import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { EventId, RecordedEvent } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { followReaction, FollowerStopped, reactionFollower, replay, underClock } from '@leftfold/subscriptions';
import type {
  AnyReaction,
  Clock,
  Effect,
  EffectHandler,
  LaneFault,
  ParkedHead,
  Running,
  SourceRecord,
  Storage,
} from '@leftfold/subscriptions';
import { Life, mortalStorage } from './mortal-storage.ts';
import { ScriptedSource } from './scripted-source.ts';

/** An attempt of an effect, as a spec has seen it. */
export interface SeenEffect {
  /** The event's, by its present name. */
  readonly type: string;
  /** The key of its stream, e.g. the order id. */
  readonly stream: string;
  /** In one life of the process, from 1. */
  readonly attempt: number;
  readonly replaying: boolean;
  readonly idempotencyKey: EventId;
  /** Whether it rejected. */
  readonly failed: boolean;
}
/** What is done to a reaction after its events. */
export interface ReactionScript {
  readonly records: readonly SourceRecord[];
  /** The process dies after each effect, before that can be noted. */
  readonly crashes: boolean;
  /** In the end it is sent back. */
  readonly replays: boolean;
}
/** What a run left behind. */
export interface ReactionOutcome {
  readonly seen: readonly SeenEffect[];
  /** Why its lane stopped. */
  readonly fault?: LaneFault;
  readonly parked: readonly ParkedHead[];
}

/** A pause of so long is no pause between attempts: it is the limit of an effect. */
const LIMIT_MS = 60_000;
const TIMEOUT_MS = 5_000;
const MOST_PARKED = 1_000;
/** Pauses between attempts are over at once. */
const impatient: Clock = {
  now: Date.now,
  pause: async (ms, signal) => {
    await (ms >= LIMIT_MS ? once(signal, 'abort') : setImmediate());
    signal.throwIfAborted();
  },
};

/** Plays events to a reaction, one after the other, through the loop that production runs. */
export async function runReaction(
  reaction: AnyReaction,
  { records, crashes, replays }: ReactionScript,
): Promise<ReactionOutcome> {
  const storage = memory();
  const from = new ScriptedSource([records.map((record) => [record])]);
  const seen: SeenEffect[] = [];
  const dead = new Set<EventId>();
  let life = new Life();
  const watched = watching(reaction, seen, (effect) => {
    if (!crashes || dead.has(effect.idempotencyKey)) return;
    dead.add(effect.idempotencyKey);
    life.end();
  });
  /** Until it has dealt with all, in as many lives as it takes. */
  const live = async (): Promise<LaneFault | undefined> => {
    for (;;) {
      life = new Life();
      const running = await underClock(impatient, () =>
        followReaction(watched, { from, storage: mortalStorage(storage, life, () => undefined) }),
      );
      const caughtUp = running.caughtUp({ timeoutMs: TIMEOUT_MS }).then(() => undefined, faultOf);
      const fault = await Promise.race([life.ended, caughtUp]).catch(async (error: unknown) => {
        await ended(running, caughtUp);
        throw error;
      });
      await ended(running, caughtUp);
      if (!life.isOver) return fault ?? undefined;
    }
  };
  const parked = (): Promise<readonly ParkedHead[]> => parkedOf(reaction, storage);
  const fault = await live();
  if (fault !== undefined || !replays) return { seen, ...(fault && { fault }), parked: await parked() };
  await replay(watched, { from, storage, as: reaction.replay });
  const second = await live();
  return { seen, ...(second && { fault: second }), parked: await parked() };
}

/** The same reaction from the first event on, whose effects are noted. @param done called when one is done, before anybody knows */
function watching(reaction: AnyReaction, seen: SeenEffect[], done: (effect: Effect) => void): AnyReaction {
  const watch = ({ on, effect }: EffectHandler): EffectHandler => ({
    on,
    effect: async (event: RecordedEvent, handed) => {
      const { attempt, replaying, idempotencyKey } = handed;
      const run = { type: on.type, stream: event.stream.key, attempt, replaying, idempotencyKey };
      try {
        await effect(event as never, handed);
      } catch (error) {
        seen.push({ ...run, failed: true });
        throw error;
      }
      seen.push({ ...run, failed: false });
      done(handed);
    },
  });
  const effects = new Map([...reaction.effects].map(([type, handler]) => [type, watch(handler)]));
  return { ...reaction, from: 'start', timeoutMs: LIMIT_MS, effects };
}

const parkedOf = (reaction: AnyReaction, { parked }: Storage): Promise<readonly ParkedHead[]> => {
  const { name, version } = reactionFollower(reaction);
  return parked.list({ follower: { name, version }, limit: MOST_PARKED });
};
async function ended(running: Running, caughtUp: Promise<unknown>): Promise<void> {
  await running.stop();
  await caughtUp.catch(() => undefined);
}
function faultOf(error: unknown): LaneFault {
  if (error instanceof FollowerStopped && error.fault) return error.fault;
  throw error;
}
