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
  /** Aborts when the process stops, or when another one has the lane: give it to what can be ended. What ends so counts as not done. */
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
}

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
 * @throws {@link DefinitionError} `LF_REPLAY_NOT_DECLARED` when `replay` is left out all the same, or none of the three · `LF_REACTION_INVALID` for another name or `from`
 */
export function reaction<const Name extends string>(name: Name, options: ReactionOptions): Reaction<Name> {
  const { replay, from = 'now', recovery } = options ?? {};
  if (!NAME.test(name) || name.length > NAME_MAX || name === RELAY.name)
    refuse(name, `a name is kebab-case, as 'shipping-mail', has at most ${NAME_MAX} characters, and is not 'relay'`);
  if (!POLICIES.includes(replay)) {
    throw new DefinitionError(
      'LF_REPLAY_NOT_DECLARED',
      `reaction ${name} does not say what becomes of its effects in a replay; declare replay: 'skip' (not run), 'run' (run again, replaying: true) or 'collect' (put aside for a person)`,
    );
  }
  if (from !== 'now' && from !== 'start') refuse(name, `it begins from 'now' or 'start', not '${String(from)}'`);
  const made: unknown = withEffects({ name, replay, from, recovery: { ...DEFAULT_RECOVERY, ...recovery } }, new Map());
  return made as Reaction<Name>;
}

/** The follower of a reaction. It has no versions, and projections begin at 1: neither moves the other's checkpoint, though they have one name. */
export const reactionFollower = ({ name }: Pick<AnyReaction, 'name'>): FollowerId => ({ name, version: 0 });

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
