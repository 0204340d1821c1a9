import type { AnyAggregate, StateOf } from './aggregate.ts';
import { recordedBy } from './aggregate-root.ts';
import type { Root, RootClass } from './aggregate-root.ts';
import { attemptsOf, commandOptions } from './command-options.ts';
import type { CommandOptions, RepositoryOptions } from './command-options.ts';
import type { EventStore } from './event-store.ts';
import { aggregateLoader, readsOf } from './load-aggregate.ts';
import { refuseAsync } from './refuse-async.ts';
import { runCommand } from './run-command.ts';
import type { Json } from './schema/schema.ts';

/** The repository of a class: each attempt works on a root of its own, made from the state as it stands then. */
export function bindRoot<A extends AnyAggregate>(
  rootClass: RootClass<A, Root<A>>,
  store: EventStore,
  options: RepositoryOptions,
): object {
  const loader = aggregateLoader(rootClass.aggregate, store, options);
  const attempts = attemptsOf(options);

  const transact = async (
    id: string,
    work: (root: Root<A>) => Json | void,
    given?: CommandOptions,
  ): Promise<unknown> => {
    const decide = (state: StateOf<A>, deciding: ConstructorParameters<RootClass<A>>[2]) => {
      const root = new rootClass(id, state, deciding);
      const result = work(root);
      refuseAsync(result);
      const recorded = recordedBy(root);
      return result === undefined ? recorded : { ...recorded, result };
    };
    const settled = commandOptions(given, options.context);
    return runCommand(loader, store, { name: 'transact', id, input: undefined, decide, options: settled }, attempts);
  };
  return Object.freeze({ ...readsOf(loader, options.context), transact });
}
