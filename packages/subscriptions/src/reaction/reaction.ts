import { DefinitionError, eventTypesByName } from '@leftfold/core';
import type { AnyEventType, EventId, Metadata, RecordedOf } from '@leftfold/core';
import { RELAY } from '../checkpoints.ts';
import type { FollowerId } from '../checkpoints.ts';
import type { RecoveryPolicy } from '../projection/recovery-policy.ts';

/**
 * What becomes of a side effect whose event comes again in a replay: it is not run (`'skip'`), it is run again and told so (`'run'`), or it is put aside, durably, for a
 * person who decides (`'collect'`).
 */
export type ReplayPolicy = 'skip' | 'run' | 'collect';

/** Handed to every effect, beside its event. */
export interface Effect {
  /**
   * A UUID made of the reaction's name and the event: the same over retries, restarts and replays, another for each reaction. Give it to the mail or payment provider, which
   * then does the same thing once: effects run at least once.
   */
  readonly idempotencyKey: EventId;
  /** True in a replay, and where a collected effect is run by request. */
  readonly replaying: boolean;
  /** Which attempt this is in this process, from 1. */
  readonly attempt: number;
  /**
   * Of this attempt. Aborts when its time is up, when the process stops, or when another one has the lane: give it to what can be ended. Ten seconds later nobody waits for it any
   * more. What rejects then counts as not done, what gets done all the same as done.
   */
  readonly signal: AbortSignal;
  /** For commands that the effect gives: `orders.ship(id, input, { metadata })`. The event is their cause; correlation, trace, actor and tenant are the event's. In Nest they have it by themselves. */
  readonly metadata: Pick<Metadata, 'correlationId' | 'causationId' | 'traceparent' | 'actor' | 'tenant'>;
}

/** A side effect, as the loop sees it. */
export interface EffectHandler {
  readonly on: AnyEventType;
  readonly effect: (event: never, effect: Effect) => Promise<unknown>;
}

/** Any reaction. */
export interface AnyReaction {
  readonly name: string;
  readonly replay: ReplayPolicy;
  readonly from: 'now' | 'start';
  readonly recovery: RecoveryPolicy;
  /** How long an attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The event types it handles. */
  readonly handles: readonly AnyEventType[];
  /** What is done for each event type, by its present name. */
  readonly effects: ReadonlyMap<string, EffectHandler>;
}

/**
 * Side effects after events: at least once, per stream in order, with a checkpoint of their own, so a failing mail never holds up a read model. An immutable value: `on`
 * answers a new one.
 */
export interface Reaction<out Name extends string, out E extends AnyEventType = never> extends AnyReaction {
  readonly name: Name;
  readonly handles: readonly E[];
  /**
   * Runs `effect` after each event of a type. Awaited before the next event of the stream; events of other streams may run meanwhile.
   * @throws {@link DefinitionError} `LF_REACTION_INVALID` when the type is handled already · `LF_EVENT_NAME_DUPLICATE`
   */
  on<T extends AnyEventType>(
    type: T,
    effect: (event: RecordedOf<T>, effect: Effect) => Promise<unknown>,
  ): Reaction<Name, E | T>;
}

/** How a reaction behaves. */
export interface ReactionOptions {
  /** No default: what a replay does to the world has to be said. */
  readonly replay: ReplayPolicy;
  /**
   * Where it begins when it is followed for the first time. `'now'`, the default: with what is committed after that call has resolved; the place is saved by then, so nothing from there on is
   * missed, whatever crashes. `'start'`: with the first event of the source; these are no replays.
   */
  readonly from?: 'now' | 'start';
  /** What is done when an effect rejects. Default: five attempts more, the first after about a second, then its stream is parked. */
  readonly recovery?: RecoveryPolicy;
  /**
   * How long an attempt of an effect may take, in milliseconds. 1,000 to 3,600,000, default 60,000. Then its signal aborts, and it counts as failed (`LF_EFFECT_TIMED_OUT`): as `recovery` says it is tried
   * again or its stream is parked. Meanwhile it holds up its own stream, and at most the lane's next batch.
   */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = { default: 60_000, from: 1_000, to: 3_600_000 };
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_MAX = 48;
const POLICIES: readonly unknown[] = ['skip', 'run', 'collect'] satisfies readonly ReplayPolicy[];
/** An effect speaks to somebody else's server: that one is away for a moment is no reason to call a person. */
const DEFAULT_RECOVERY: RecoveryPolicy = {
  live: { kind: 'retry', times: 5, backoffMs: 1_000, then: { kind: 'park' } },
};

/**
 * Defines a reaction. The name is kebab-case, at most 48 characters, and names the checkpoint and the idempotency keys: a reaction that is renamed begins anew.
 * `replay` has no default: leaving it out does not compile.
 * @throws {@link DefinitionError} `LF_REPLAY_NOT_DECLARED` when `replay` is left out all the same, or none of the three · `LF_REACTION_INVALID` for another name, `from` or `timeoutMs`
 */
export function reaction<const Name extends string>(name: Name, options: ReactionOptions): Reaction<Name> {
  const { replay, from = 'now', recovery, timeoutMs = TIMEOUT_MS.default } = options ?? {};
  if (!NAME.test(name) || name.length > NAME_MAX || name === RELAY.name)
    refuse(name, `a name is kebab-case, as 'shipping-mail', has at most ${NAME_MAX} characters, and is not 'relay'`);
  if (!POLICIES.includes(replay)) {
    throw new DefinitionError(
      'LF_REPLAY_NOT_DECLARED',
      `reaction ${name} does not say what becomes of its effects in a replay; declare replay: 'skip' (not run), 'run' (run again, replaying: true) or 'collect' (put aside for a person)`,
    );
  }
  if (from !== 'now' && from !== 'start') refuse(name, `it begins from 'now' or 'start', not '${String(from)}'`);
  if (!Number.isInteger(timeoutMs) || timeoutMs < TIMEOUT_MS.from || timeoutMs > TIMEOUT_MS.to)
    refuse(name, `timeoutMs is ${timeoutMs}; it is a whole number from ${TIMEOUT_MS.from} to ${TIMEOUT_MS.to}`);
  const policy = { ...DEFAULT_RECOVERY, ...recovery };
  const made: unknown = withEffects({ name, replay, from, recovery: policy, timeoutMs }, new Map());
  return made as Reaction<Name>;
}

/** A reaction among followers. */
export interface ReactionFollower extends FollowerId {
  /** From where on it has anything to do: before its first start a reaction from `'now'` is not behind. */
  readonly beginsFrom: 'now' | 'start';
}
/** The follower of a reaction. It has no versions, and projections begin at 1: neither moves the other's checkpoint, though they have one name. */
export const reactionFollower = ({ name, from }: Pick<AnyReaction, 'name' | 'from'>): ReactionFollower => ({
  name,
  version: 0,
  beginsFrom: from,
});

/** True for a reaction among what can be followed. */
export const isReaction = (followed: object): followed is AnyReaction => 'effects' in followed && 'replay' in followed;

function withEffects(
  of: Omit<AnyReaction, 'handles' | 'effects'>,
  effects: ReadonlyMap<string, EffectHandler>,
): AnyReaction {
  const { name } = of;
  const on = (type: AnyEventType, effect: EffectHandler['effect']): AnyReaction => {
    if (effects.has(type.type)) refuse(name, `${type.type} is handled already; one event has one effect`);
    if (typeof effect !== 'function') refuse(name, `there is no effect for ${type.type}`);
    eventTypesByName([...[...effects.values()].map((other) => other.on), type]);
    return withEffects(of, new Map([...effects, [type.type, Object.freeze({ on: type, effect })]]));
  };
  return Object.freeze({ ...of, handles: [...effects.values()].map((one) => one.on), effects, on });
}

function refuse(name: string, message: string): never {
  throw new DefinitionError('LF_REACTION_INVALID', `reaction ${name}: ${message}`);
}
