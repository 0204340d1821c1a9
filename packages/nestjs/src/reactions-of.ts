import { DefinitionError } from '@leftfold/core';
import type { AnyEventType, RecordedEvent } from '@leftfold/core';
import { reaction } from '@leftfold/subscriptions';
import type { AnyReaction, Effect, EffectHandler, Reaction as PlainReaction } from '@leftfold/subscriptions';
import type { Type } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import { openEventContext } from './command-context.ts';
import { Feature } from './feature.ts';
import { handlingMethods } from './on.ts';
import { REACTION } from './reaction.ts';
import type { ReactionOptions } from './reaction.ts';

/** A provider, as discovery shows it. */
type Provider = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * The reactions of an instance: those that features list, and the `@Reaction` classes of the application, bound to the instances that Nest has built.
 * @throws {@link DefinitionError} `LF_REACTION_DUPLICATE` when two have one name · `LF_REACTION_INVALID` for a class without `@On`, one with `@On` and no `@Reaction` or that is a controller, two methods for one event,
 * and one that is made per request or transient
 */
export function reactionsOf(discovery: DiscoveryService, instance: string): readonly AnyReaction[] {
  const byName = new Map<string, { readonly made: AnyReaction; readonly of: unknown }>();
  const add = (made: AnyReaction, of: unknown): void => {
    const other = byName.get(made.name);
    if (other !== undefined && (other.of !== of || typeof of === 'function')) {
      throw new DefinitionError(
        'LF_REACTION_DUPLICATE',
        other.of === of
          ? `the reaction ${made.name} is provided by two modules; provide it in one, which exports it`
          : `two reactions are named ${made.name}; each needs a name of its own, which is that of its checkpoint`,
      );
    }
    byName.set(made.name, { made, of });
  };
  for (const { metatype } of discovery.getControllers()) {
    if (typeof metatype === 'function' && handlingMethods(metatype.prototype as object).length > 0)
      refuse(
        metatype.name,
        'is a controller with methods with @On, which nothing would ever run: move them to a provider',
      );
  }
  const instances = new Set<unknown>();
  for (const provider of discovery.getProviders()) {
    if (provider.instance instanceof Feature && provider.instance.instance === instance) {
      for (const plain of provider.instance.options.reactions ?? []) add(inContext(plain), plain);
    }
    const type = classOf(provider);
    // One that is provided under a second token is no second reaction.
    if (type === undefined || instances.has(provider.instance)) continue;
    const made = reactionOf(provider, type, instance);
    if (made === undefined) continue;
    instances.add(provider.instance);
    add(made, type);
  }
  return [...byName.values()].map(({ made }) => made);
}

/** The class that a provider is of: also where a factory makes it, or it is given as a value, for a mark that nobody looks at would be effects that nobody runs. */
function classOf({ metatype, instance }: Provider): Type | undefined {
  if (isMarked(metatype)) return metatype;
  // Not by its own `constructor`: a provider may be a proxy, whose members are not ours to touch.
  const prototype: unknown = typeof instance === 'object' && instance !== null && Object.getPrototypeOf(instance);
  const made: unknown = typeof prototype === 'object' && prototype !== null && prototype.constructor;
  return isMarked(made) ? made : undefined;
}
const isMarked = (type: unknown): type is Type =>
  typeof type === 'function' &&
  typeof type.prototype === 'object' &&
  (Reflect.hasOwnMetadata(REACTION, type) || handlingMethods(type.prototype as object | null).length > 0);

function reactionOf(provider: Provider, metatype: Type, instance: string): AnyReaction | undefined {
  const options = Reflect.getOwnMetadata(REACTION, metatype) as ReactionOptions | undefined;
  const methods = handlingMethods(metatype.prototype as object);
  if (options === undefined) {
    if (methods.length > 0)
      refuse(metatype.name, 'has methods with @On, and is no @Reaction: nothing would ever run them');
    return undefined;
  }
  if ((options.instance ?? 'default') !== instance) return undefined;
  if (methods.length === 0) refuse(metatype.name, 'reacts to nothing: mark its methods with @On');
  if (!provider.isDependencyTreeStatic()) {
    refuse(
      metatype.name,
      'is made per request, since it or something it injects is request-scoped or transient in a request; an event has no request: inject what is there once, and take actor, tenant and correlation from the event',
    );
  }
  if (provider.isTransient)
    refuse(
      metatype.name,
      'is transient: Nest makes one for each that injects it, and none for events; leave its scope out',
    );
  let made: PlainReaction<string, AnyEventType> = reaction(options.name, options);
  for (const { type, key } of methods) {
    made = made.on(type, (event: RecordedEvent, effect) =>
      openEventContext(effect, () => call(provider.instance as object, key, event, effect)),
    );
  }
  return made;
}

/** The same effects, each in the context of its event. */
function inContext(plain: AnyReaction): AnyReaction {
  const effects = [...plain.effects].map(([type, { on, effect }]): [string, EffectHandler] => [
    type,
    { on, effect: (event, run) => openEventContext(run, () => effect(event, run)) },
  ]);
  return { ...plain, effects: new Map(effects) };
}

async function call(instance: object, key: string | symbol, event: RecordedEvent, effect: Effect): Promise<unknown> {
  type Method = (event: RecordedEvent, effect: Effect) => Promise<unknown>;
  return (instance as { readonly [key: string | symbol]: Method })[key]?.call(instance, event, effect);
}

function refuse(name: string, message: string): never {
  throw new DefinitionError('LF_REACTION_INVALID', `${name} ${message}`);
}
