import type { AggregateRef, AnyAggregate, CodeOf, EventIn, StateOf } from './aggregate.ts';
import { inTurn } from './command-queue.ts';
import { attemptsOf, commandOptions, type CommandOptions, type RepositoryOptions } from './command-options.ts';
import { commandMetadata, decidingOf } from './command-scope.ts';
import type { Deciding } from './deciding.ts';
import { DefinitionError, InputInvalid } from './errors.ts';
import type { EncodedEvent, EventStore, StoredReply } from './event-store.ts';
import { orFirstAnswer } from './first-answer.ts';
import { handleCommand } from './handle-command.ts';
import { newReply, replyKeyOf, resultOfReply, type KeyedCommand } from './idempotency.ts';
import { aggregateLoader } from './load-aggregate.ts';
import type { ReadToken, StreamId, StreamRef, StreamVersion } from './message.ts';
import { refuseAsync } from './refuse-async.ts';
import { NOTHING_WRITTEN } from './run-command.ts';
import type { SeenState } from './seen-state.ts';

/** Entities by the names that a decision over them uses. */
export type Entities = { readonly [name: string]: AggregateRef<AnyAggregate> };
/** What a decision over several entities answers: the events of each, under its name. */
export type DecidedAcross<R extends Entities> = {
  readonly [K in keyof R]?: readonly EventIn<R[K]['aggregate']['events']>[];
};
/** What a decision over several entities gets beside their states. `refuse` knows the codes of all of them. */
export type DecidingAcross<R extends Entities> = Omit<
  Deciding<{ [K in keyof R]: CodeOf<R[K]['aggregate']> }[keyof R]>,
  'id'
>;
/** As for a command; the context as for a repository. An idempotency key is one request over these entities, whatever the decision. */
export type AcrossOptions = Omit<CommandOptions, 'expect'> & Pick<RepositoryOptions, 'attempts' | 'context'>;
/** What a decision over several entities left behind. */
export interface AcrossReceipt<out R extends Entities> {
  /** Of each stream, afterwards. */
  readonly versions: { readonly [K in keyof R]: StreamVersion };
  readonly token: ReadToken;
  readonly replayed: boolean;
}

/**
 * One decision over several entities, appended in one transaction; on a conflict all are loaded again and the decision is made anew:
 *
 * ```ts
 * await decideAcross(store, { order: order.ref(id), stock: stockFold.ref(sku) }, ({ order, stock }, { refuse }) => ({ stock: [stockReserved({ … })] }));
 * ```
 *
 * The version of every entity that gets events is checked; one that gets none was only read, and may have changed since. The events come back under the
 * entities' names. Takes no unique keys. Entities are read one after the other, so it works over `store.within(tx)`, too.
 *
 * Rejects with what a command of a repository rejects with.
 *
 * @throws {@link InputInvalid} `LF_STREAM_REPEATED` when two names stand for one entity · `LF_OPTION_UNKNOWN`
 * @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE` · `LF_EVENT_FOREIGN` when it decides events for a name that is none of the entities
 */
export async function decideAcross<const R extends Entities>(
  store: EventStore,
  entities: R,
  decide: (
    states: { readonly [K in keyof R]: StateOf<R[K]['aggregate']> },
    deciding: DecidingAcross<R>,
  ) => DecidedAcross<R>,
  options: AcrossOptions = {},
): Promise<AcrossReceipt<R>> {
  const { context, attempts: most, ...given } = options;
  const attempts = attemptsOf(most === undefined ? {} : { attempts: most });
  if ('expect' in given) throw new InputInvalid('LF_OPTION_UNKNOWN', "'expect' is no option of decideAcross");
  const { signal, idempotencyKey, metadata: said, roles = [], written, now } = commandOptions(given, context);
  const metadata = commandMetadata(said);
  // By name: a stored answer lists versions in this order.
  const parts = Object.entries(entities)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { aggregate, id }]) => {
      const stream = aggregate.stream(id, metadata.tenant ?? '');
      return { name, aggregate, stream, loader: aggregateLoader(aggregate, store) };
    });
  const streams = parts.map(({ stream }) => stream);
  refuseRepeated(streams);
  const keyed = idempotencyKey === undefined ? undefined : keyedAcross(streams, idempotencyKey);
  const refusals = Object.assign({}, ...parts.map(({ aggregate }) => aggregate.refusals)) as Record<string, string>;
  const category = parts.map(({ aggregate }) => aggregate.category).join(' and ');
  const deciding = decidingOf<string>({ category, refusals }, metadata, roles, now);

  const receipt = (versions: readonly StreamVersion[], token: ReadToken, replayed: boolean): AcrossReceipt<R> => {
    const byName = Object.fromEntries(parts.map(({ name }, index) => [name, versions[index] as StreamVersion]));
    return { versions: byName as AcrossReceipt<R>['versions'], token, replayed };
  };
  const answer = (stored: StoredReply): AcrossReceipt<R> => {
    resultOfReply(keyed as KeyedCommand, stored);
    return receipt(stored.versions, stored.token, true);
  };
  const load = async () => {
    const seen: SeenState<unknown>[] = [];
    for (const { loader, stream } of parts) seen.push(await loader.load(stream, signal));
    return { seen, state: Object.fromEntries(parts.map(({ name }, index) => [name, seen[index]?.state])) };
  };
  const append = async ({ seen }: Awaited<ReturnType<typeof load>>, decided: DecidedAcross<R>) => {
    refuseAsync(decided);
    refuseOthers(decided, entities);
    const appends = parts.map(({ name, loader, stream }, index) => {
      const version = (seen[index] as SeenState<unknown>).version;
      const events = (decided[name] ?? []).map((event): EncodedEvent => loader.encode(event as never, metadata));
      return { stream, expect: version === 0n ? ('absent' as const) : version, events };
    });
    if (keyed === undefined && appends.every(({ events }) => events.length === 0)) {
      return receipt(
        seen.map(({ version }) => version),
        NOTHING_WRITTEN,
        false,
      );
    }
    const outcome = await store.append(appends, {
      ...(keyed && { reply: newReply(keyed, undefined, false) }),
      ...(signal && { signal }),
    });
    if (outcome.kind === 'replied') return answer(outcome);
    if (outcome.kind !== 'appended') return undefined;
    parts.forEach(({ loader, stream }, index) =>
      loader.appended(stream, seen[index] as SeenState<never>, appends[index]?.events ?? []),
    );
    return receipt(outcome.versions, outcome.token, false);
  };

  const id = streams.map((stream) => stream.id).join(', ');
  const decideOn = (states: object): DecidedAcross<R> =>
    decide(states as never, deciding() as unknown as DecidingAcross<R>);
  const work = async (): Promise<AcrossReceipt<R>> =>
    (await handleCommand({ id, load, append }, decideOn, attempts)).written;
  const key = keyed && replyKeyOf(keyed);
  const answered = await inTurn(store, streams, () => orFirstAnswer(work, { store, key, signal, answer }), signal);
  written?.(answered.token);
  return answered;
}

/** A request over these very entities: the same key over others is another one, and refused. */
function keyedAcross(streams: readonly StreamRef[], idempotencyKey: string): KeyedCommand {
  const [first] = streams;
  const category = streams.map((stream) => stream.category).join(' ');
  const id = JSON.stringify(streams.map((stream) => stream.id)) as StreamId;
  const stream = { tenant: first?.tenant ?? '', category, key: '', id };
  return { stream, command: 'decideAcross', input: undefined, idempotencyKey };
}

function refuseRepeated(streams: readonly StreamRef[]): void {
  const twice = streams.find(({ id }, index) => streams.findIndex((other) => other.id === id) < index);
  if (twice === undefined) return;
  throw new InputInvalid('LF_STREAM_REPEATED', `two of the entities are ${twice.id}; give each once, under one name`);
}

function refuseOthers(decided: object, entities: Entities): void {
  const other = Object.keys(decided).find((name) => !Object.hasOwn(entities, name));
  if (other === undefined) return;
  const names = Object.keys(entities).join(', ');
  throw new DefinitionError('LF_EVENT_FOREIGN', `events were decided for '${other}', which is none of ${names}`);
}
