import type { AnyDecider, EventIn, StateOf } from './aggregate.ts';
import { attemptsOf, commandOptions } from './command-options.ts';
import type { CommandOptions, RepositoryOptions } from './command-options.ts';
import type { Decided, Deciding } from './deciding.ts';
import type { EventStore } from './event-store.ts';
import { aggregateLoader, readsOf } from './load-aggregate.ts';
import { runCommand } from './run-command.ts';

type AnyDecision = (state: unknown, input: unknown, deciding: Deciding) => Decided<never>;

/** The repository of a decider: its reads, `transact`, and one method per decision. */
export function bindDecider<A extends AnyDecider>(decider: A, store: EventStore, options: RepositoryOptions): object {
  const loader = aggregateLoader(decider, store, options);
  const attempts = attemptsOf(options);

  const run = async (
    name: string,
    id: string,
    input: unknown,
    decision: AnyDecision,
    given?: CommandOptions,
  ): Promise<unknown> => {
    const decide = (state: StateOf<A>, deciding: Deciding): Decided<EventIn<A['events']>> =>
      decision(state, input, deciding);
    return runCommand(
      loader,
      store,
      { name, id, input, decide, options: commandOptions(given, options.context) },
      attempts,
    );
  };
  const method = (name: string, decision: AnyDecision) => {
    // (id, options) or (id, input, options), as `InputArgs` says.
    const takesInput = decision.length >= 2;
    return (id: string, ...args: readonly unknown[]) =>
      takesInput
        ? run(name, id, args[0], decision, args[1] as CommandOptions | undefined)
        : run(name, id, undefined, decision, args[0] as CommandOptions | undefined);
  };
  const decisions = Object.entries(decider.decisions as Record<string, AnyDecision>);

  return Object.freeze({
    ...Object.fromEntries(decisions.map(([name, decision]) => [name, method(name, decision)])),
    ...readsOf(loader, options.context),
    transact: (id: string, decide: (state: unknown, deciding: Deciding) => Decided<never>, given?: CommandOptions) =>
      run('transact', id, undefined, (state, _input, deciding) => decide(state, deciding), given),
  });
}
