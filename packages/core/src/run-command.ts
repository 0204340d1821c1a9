import type { AnyAggregate, EventIn, StateOf } from './aggregate.ts';
import { foreign } from './aggregate.ts';
import { inTurn } from './command-queue.ts';
import type { Decided, Deciding } from './deciding.ts';
import { decisionOf, refuserOf } from './deciding.ts';
import { encodeEvent } from './encode-event.ts';
import { Conflict, type LeftfoldError } from './errors.ts';
import type { EncodedEvent, EventStore, ReplyKey, StoredReply } from './event-store.ts';
import { handleCommand } from './handle-command.ts';
import type { Loaded } from './handle-command.ts';
import { newReply, replyKeyOf, resultOfReply } from './idempotency.ts';
import type { KeyedCommand } from './idempotency.ts';
import type { AggregateLoader } from './load-aggregate.ts';
import { checkMetadata } from './metadata.ts';
import type { Abort, EventId, Metadata, ReadToken, StreamVersion } from './message.ts';
import type { CommandOptions, Receipt } from './command-options.ts';
import type { Json } from './schema/schema.ts';
import { uuidV7 } from './uuid.ts';

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
 *
 * A repeated key is noticed by the store at append. It is also looked up before an error is handed out, since a command that was carried out is usually
 * refused the second time ("placed before"): so the usual path pays no extra round trip, and a repetition always gets the first answer.
 */
export function runCommand<A extends AnyAggregate>(
  loader: AggregateLoader<A>,
  store: EventStore,
  command: Command<A>,
  attempts: number,
): Promise<Answer> {
  const { aggregate } = loader;
  const { options } = command;
  const metadata = checkMetadata({ ...options.metadata, correlationId: options.metadata?.correlationId ?? uuidV7() });
  const stream = aggregate.stream(command.id, metadata.tenant ?? '');
  const { idempotencyKey } = options;
  const keyed: KeyedCommand | undefined =
    idempotencyKey === undefined ? undefined : { stream, command: command.name, input: command.input, idempotencyKey };
  const replyKey = keyed && replyKeyOf(keyed);
  const deciding = decidingOf(aggregate, command.id, metadata, options.roles ?? []);

  const load = async (): Promise<Loaded<StateOf<A>>> => {
    const seen = await loader.load(stream, options.signal);
    if (options.expect !== undefined && seen.version !== options.expect) throw new Conflict(stream.id, seen.version);
    return seen;
  };

  const append = async (
    seen: Loaded<StateOf<A>>,
    decided: Decided<EventIn<A['events']>>,
  ): Promise<Answer | undefined> => {
    const { events, result } = decisionOf<EventIn<A['events']>>(decided);
    const encoded = events.map((event) => encode(loader, event, metadata));
    if (encoded.length === 0 && keyed === undefined) {
      return { result, version: seen.version, token: NOTHING_WRITTEN, replayed: false };
    }
    const isNew = seen.version === 0n;
    const outcome = await store.append([{ stream, expect: isNew ? 'absent' : seen.version, events: encoded }], {
      ...(keyed && { reply: newReply(keyed, result, isNew) }),
      ...(options.signal && { signal: options.signal }),
    });
    if (outcome.kind === 'replied') return replayed(keyed as KeyedCommand, outcome);
    if (outcome.kind === 'appended') {
      return { result, version: outcome.versions[0] as StreamVersion, token: outcome.token, replayed: false };
    }
    if (options.expect !== undefined) throw new Conflict(stream.id, outcome.actual);
    return undefined;
  };

  const work = async (): Promise<Answer> => {
    try {
      const decide = (state: StateOf<A>): Decided<EventIn<A['events']>> => command.decide(state, deciding());
      return (await handleCommand({ id: stream.id, load, append }, decide, attempts)).written;
    } catch (error) {
      const stored = replyKey && (await storedReply(store, replyKey, options.signal, error));
      if (stored === undefined) throw error;
      return replayed(keyed as KeyedCommand, stored);
    }
  };
  return inTurn(store, stream, work, options.signal);
}

/**
 * The first answer, asked for before `error` is handed out. Where it cannot be asked for, a final "no" does not go out either: this may be the repetition of
 * a command that was carried out, and whoever sent it would take it for refused. That fault may be tried again.
 */
async function storedReply(
  store: EventStore,
  key: ReplyKey,
  signal: Abort | undefined,
  error: unknown,
): Promise<StoredReply | undefined> {
  try {
    return await store.reply(key, signal && { signal });
  } catch (fault) {
    if (isFinal(error)) throw fault;
    return undefined;
  }
}

/** An unknown outcome stays one: its remedy is to send the command again, too. */
function isFinal(error: unknown): boolean {
  const { code, retryable } = (typeof error === 'object' && error !== null ? error : {}) as Partial<LeftfoldError>;
  return retryable === false && code !== 'LF_OUTCOME_UNKNOWN';
}

function encode<A extends AnyAggregate>(
  loader: AggregateLoader<A>,
  event: EventIn<A['events']>,
  metadata: Metadata,
): EncodedEvent {
  const type = loader.types.get(event.type);
  if (type === undefined) throw foreign(loader.aggregate.category, event.type);
  return encodeEvent(type, event, uuidV7() as EventId, metadata);
}

const replayed = (command: KeyedCommand, stored: StoredReply): Answer => ({
  result: resultOfReply(command, stored),
  version: stored.versions[0] as StreamVersion,
  token: stored.token,
  replayed: true,
});

/** What a decision gets, made anew for each attempt, with the same clock and the same sequence of ids. */
function decidingOf(aggregate: AnyAggregate, id: string, metadata: Metadata, roles: readonly string[]): () => Deciding {
  const now = Date.now();
  const drawn: string[] = [];
  const refuse = refuserOf(aggregate) as Deciding['refuse'];
  return () => {
    let next = 0;
    return { id, now: new Date(now), uuid: () => (drawn[next++] ??= uuidV7()), metadata, roles, refuse };
  };
}
