import type { AnyAggregate, EventIn, StateOf } from './aggregate.ts';
import { inTurn } from './command-queue.ts';
import type { CommandOptions, Receipt } from './command-options.ts';
import { commandMetadata, decidingOf } from './command-scope.ts';
import { decidedKeys, refusalOfTaken } from './decided-keys.ts';
import { type Decided, type Deciding, type Decision, decisionOf } from './deciding.ts';
import { Conflict, UniqueKeyTaken } from './errors.ts';
import type { AppendOutcome, EventStore, StoredReply } from './event-store.ts';
import { orFirstAnswer } from './first-answer.ts';
import { handleCommand } from './handle-command.ts';
import { newReply, replyKeyOf, resultOfReply } from './idempotency.ts';
import type { KeyedCommand } from './idempotency.ts';
import type { AggregateLoader } from './load-aggregate.ts';
import type { ReadToken, StreamVersion } from './message.ts';
import type { Json } from './schema/schema.ts';
import type { SeenState } from './seen-state.ts';

/** The token of a call that wrote nothing: there is nothing to wait for. */
export const NOTHING_WRITTEN: ReadToken = 'lf0' as ReadToken;

/** One command on one entity. */
export interface Command<A extends AnyAggregate> {
  /** Its name, in the scope of an idempotency key. */
  readonly name: string;
  readonly id: string;
  readonly input: unknown;
  readonly decide: (state: StateOf<A>, deciding: Deciding) => Decided<EventIn<A['events']>>;
  readonly options: CommandOptions;
}
type Answer = Receipt<Json | undefined>;

/**
 * Runs one command: in turn with the others of its stream, through the write loop, with an answer that is stored when there is an idempotency key.
 */
export function runCommand<A extends AnyAggregate>(
  loader: AggregateLoader<A>,
  store: EventStore,
  command: Command<A>,
  attempts: number,
): Promise<Answer> {
  type Seen = SeenState<StateOf<A>>;
  const { aggregate } = loader;
  const { options } = command;
  const { signal, expect, idempotencyKey } = options;
  const metadata = commandMetadata(options.metadata);
  const stream = aggregate.stream(command.id, metadata.tenant ?? '');
  const keyed: KeyedCommand | undefined =
    idempotencyKey === undefined ? undefined : { stream, command: command.name, input: command.input, idempotencyKey };
  const replyKey = keyed && replyKeyOf(keyed);
  const deciding = decidingOf<string>(aggregate, metadata, options.roles ?? [], options.now);

  const load = async (): Promise<Seen> => {
    const seen = await loader.load(stream, signal);
    if (expect !== undefined && seen.version !== expect) throw new Conflict(stream.id, seen.version);
    return seen;
  };

  const append = async (seen: Seen, decided: Decided<EventIn<A['events']>>): Promise<Answer | undefined> => {
    const decision = decisionOf<EventIn<A['events']>, string>(decided);
    const events = decision.events.map((event) => loader.encode(event, metadata));
    const keys = decidedKeys(stream, decision);
    if (events.length === 0 && keys.length === 0 && keyed === undefined) {
      return { result: decision.result, version: seen.version, token: NOTHING_WRITTEN, replayed: false };
    }
    const isNew = seen.version === 0n;
    const outcome = await takenAsRefusal(decision, () =>
      store.append([{ stream, expect: isNew ? 'absent' : seen.version, events }], {
        ...(keyed && { reply: newReply(keyed, decision.result, isNew) }),
        ...(keys.length > 0 && { keys }),
        ...(signal && { signal }),
      }),
    );
    if (outcome.kind === 'replied') return replayed(keyed as KeyedCommand, outcome);
    if (outcome.kind === 'conflict') {
      if (expect !== undefined) throw new Conflict(stream.id, outcome.actual);
      return undefined;
    }
    loader.appended(stream, seen, events);
    return {
      result: decision.result,
      version: outcome.versions[0] as StreamVersion,
      token: outcome.token,
      replayed: false,
    };
  };

  const decide = (state: StateOf<A>): Decided<EventIn<A['events']>> =>
    command.decide(state, { ...deciding(), id: command.id });
  const work = async (): Promise<Answer> =>
    (await handleCommand({ id: stream.id, load, append }, decide, attempts)).written;
  const answer = (stored: StoredReply): Answer => replayed(keyed as KeyedCommand, stored);
  const answered = inTurn(store, [stream], () => orFirstAnswer(work, { store, key: replyKey, signal, answer }), signal);
  const { written } = options;
  // Not a further turn of the event loop for all those who do not ask.
  if (written === undefined) return answered;
  return answered.then((receipt) => {
    written(receipt.token);
    return receipt;
  });
}

/** The outcome of an append, unless another stream holds one of the keys: then the decision's own refusal is thrown, inside a caller's transaction, too. */
async function takenAsRefusal(
  decision: Decision<unknown>,
  append: () => Promise<AppendOutcome>,
): Promise<Exclude<AppendOutcome, { kind: 'taken' }>> {
  let taken: { readonly key: UniqueKeyTaken['key'] };
  try {
    const outcome = await append();
    if (outcome.kind !== 'taken') return outcome;
    taken = outcome;
  } catch (error) {
    if (!isKeyTaken(error)) throw error;
    taken = error;
  }
  throw refusalOfTaken(decision, taken.key);
}
const isKeyTaken = (error: unknown): error is UniqueKeyTaken =>
  (error as Partial<UniqueKeyTaken> | undefined)?.code === 'LF_UNIQUE_KEY_TAKEN';

const replayed = (command: KeyedCommand, stored: StoredReply): Answer => ({
  result: resultOfReply(command, stored),
  version: stored.versions[0] as StreamVersion,
  token: stored.token,
  replayed: true,
});
