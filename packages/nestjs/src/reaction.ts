import { reaction } from '@leftfold/subscriptions';
import type { ReactionOptions as PlainReactionOptions } from '@leftfold/subscriptions';
import { Injectable, SetMetadata } from '@nestjs/common';

/** What a `@Reaction` class is. */
export interface ReactionOptions extends PlainReactionOptions {
  /** Kebab-case, at most 48 characters. Names the checkpoint and the idempotency keys: whoever renames it begins anew. */
  readonly name: string;
  /** Of a second Leftfold in one application: whose events these are. */
  readonly instance?: string;
}

/** Under which a class keeps its options. */
export const REACTION = 'leftfold:reaction';

/**
 * A class whose methods are side effects: list it in the `providers` of a module, inject what you need, mark the methods with `@On`. The projector's entry point finds it and follows; in any
 * other process nothing starts. Commands that a method gives have the event as their cause, its correlation, trace, actor and tenant, and its idempotency key.
 *
 * `replay` is required: what becomes of the effects when events are read again.
 * @throws {@link DefinitionError} `LF_REPLAY_NOT_DECLARED` where it is left out all the same, as the class is declared · `LF_REACTION_INVALID` for a name or a `from` that is none
 */
export function Reaction(options: ReactionOptions): ClassDecorator {
  // Made once for its checks.
  reaction(options?.name, options);
  return (target) => {
    Injectable()(target);
    SetMetadata(REACTION, options)(target);
  };
}
