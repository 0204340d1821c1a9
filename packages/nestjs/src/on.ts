import { DefinitionError } from '@leftfold/core';
import type { AnyEventType, RecordedOf } from '@leftfold/core';
import type { Effect } from '@leftfold/subscriptions';

/** A method that handles an event type. */
export interface HandlingMethod {
  readonly type: AnyEventType;
  readonly key: string | symbol;
}

const METHODS = 'leftfold:on';

/**
 * Runs the method after each event of a type: at least once, awaited before the next event of the stream. Its parameters must fit the event and
 * {@link Effect}: one for another event does not compile. A method may handle several types, each with an `@On` of its own; a type has one method.
 * @throws {@link DefinitionError} `LF_REACTION_INVALID` on a static method
 */
export function On<T extends AnyEventType>(
  type: T,
): <M extends (event: RecordedOf<T>, effect: Effect) => Promise<unknown>>(
  target: object,
  key: string | symbol,
  method: TypedPropertyDescriptor<M>,
) => void {
  return (target, key) => {
    if (typeof target === 'function') {
      throw new DefinitionError(
        'LF_REACTION_INVALID',
        `${target.name}.${String(key)} is static; @On is for methods of the instance that Nest builds`,
      );
    }
    const own = (Reflect.getOwnMetadata(METHODS, target) ?? []) as readonly HandlingMethod[];
    Reflect.defineMetadata(METHODS, [...own, { type, key }], target);
  };
}

/** The methods of a class and of those that it extends. One that is overridden handles what it did before, unless it says by `@On` of its own what it handles. */
export function handlingMethods(prototype: object | null): readonly HandlingMethod[] {
  const found: HandlingMethod[] = [];
  for (let at = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const own = (Reflect.getOwnMetadata(METHODS, at) ?? []) as readonly HandlingMethod[];
    found.push(...own.filter(({ key }) => !found.some((below) => below.key === key)));
  }
  return found;
}
