import { InputInvalid, kafkaKey, partitionHash } from '@leftfold/core';
import type {
  Abort,
  AppendOptions,
  AppendOutcome,
  EncodedEvent,
  EventStore,
  Expectation,
  LogPosition,
  NewReply,
  ReplyKey,
  StoredEvent,
  StoredReply,
  StreamAppend,
  StreamRef,
  StreamVersion,
  WriterSchema,
} from '@leftfold/core';
import { isolated } from './isolated.ts';
import type { RecordedEvents } from './recorded-events.ts';
import { WriterSchemas } from './writer-schemas.ts';

const PAGE = 500;

/** What the store is told about the world around it. */
export interface MemoryEventStoreOptions {
  readonly recorded: RecordedEvents;
  /** The topic of a category's public events; `null` keeps them in the log. */
  readonly topic: (category: string) => string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Streams in memory. An append is one synchronous step: that alone makes it all or nothing, and one of k concurrent ones the winner. */
export class MemoryEventStore implements EventStore {
  readonly #recorded: RecordedEvents;
  readonly #topic: (category: string) => string | null;
  readonly #now: () => number;
  readonly #streams = new Map<string, { readonly category: string; readonly events: StoredEvent[] }>();
  readonly #eventIds = new Set<string>();
  readonly #replies = new Map<string, StoredReply & { readonly expiresAt: number }>();
  readonly #schemas = new WriterSchemas();

  constructor({ recorded, topic, now }: MemoryEventStoreOptions) {
    this.#recorded = recorded;
    this.#topic = topic;
    this.#now = now;
  }

  async *read(
    stream: StreamRef,
    { after = 0n as StreamVersion, signal }: { readonly after?: StreamVersion; readonly signal?: Abort } = {},
  ): AsyncIterable<readonly StoredEvent[]> {
    for (let from = Number(after); ; from += PAGE) {
      if (signal?.aborted) throw signal.reason;
      this.#refuseCategory(stream);
      const page = this.#stream(stream)?.events.slice(from, from + PAGE) ?? [];
      if (page.length > 0) yield page.map(isolated);
      if (page.length < PAGE) return;
    }
  }

  async append(appends: readonly StreamAppend[], { reply, signal }: AppendOptions = {}): Promise<AppendOutcome> {
    if (signal?.aborted) throw signal.reason;
    const answered = reply && this.#found(reply);
    if (answered) return { kind: 'replied', ...answered };
    const written = appends.filter(({ events }) => events.length > 0);
    this.#refuseRepeated(written);
    for (const { stream } of written) this.#refuseCategory(stream);
    for (const { stream, expect } of written) {
      const actual = this.#version(stream);
      if (!holds(expect, actual)) return { kind: 'conflict', stream: stream.id, actual };
    }
    this.#refuseUsed(written);

    // Nothing below can fail, so all of it is written.
    for (const append of written) this.#write(append);
    const versions = appends.map((append) =>
      append.events.length > 0 ? this.#version(append.stream) : stated(append.expect),
    );
    const { token } = this.#recorded;
    if (reply) this.#keep(reply, { requestHash: reply.requestHash, reply: reply.reply, versions, token });
    return { kind: 'appended', versions, token };
  }

  async reply(key: ReplyKey, { signal }: { readonly signal?: Abort } = {}): Promise<StoredReply | undefined> {
    if (signal?.aborted) throw signal.reason;
    return this.#found(key);
  }

  async schema(id: number): Promise<WriterSchema> {
    return this.#schemas.get(id);
  }

  #stream({ tenant, id }: StreamRef) {
    return this.#streams.get(scoped(tenant, id));
  }
  #version(stream: StreamRef): StreamVersion {
    return BigInt(this.#stream(stream)?.events.length ?? 0) as StreamVersion;
  }

  /** A stream keeps the category of its first append: another one that makes the same id is refused wherever it is met. */
  #refuseCategory(stream: StreamRef): void {
    const { category = stream.category } = this.#stream(stream) ?? {};
    if (category === stream.category) return;
    throw new InputInvalid(
      'LF_STREAM_CATEGORY',
      `the stream ${stream.id} belongs to the category ${category}, not ${stream.category}; rename one of the two so that no ids meet`,
    );
  }
  #refuseRepeated(appends: readonly StreamAppend[]): void {
    const seen = new Set<string>();
    for (const { stream } of appends) {
      const key = scoped(stream.tenant, stream.id);
      if (seen.has(key)) {
        throw new InputInvalid(
          'LF_STREAM_REPEATED',
          `${stream.id} occurs twice in one append; put its events together`,
        );
      }
      seen.add(key);
    }
  }
  #refuseUsed(appends: readonly StreamAppend[]): void {
    const seen = new Set<string>();
    for (const { stream, events } of appends) {
      for (const event of events) {
        const id = scoped(stream.tenant, event.id);
        if (seen.has(id) || this.#eventIds.has(id)) {
          throw new InputInvalid(
            'LF_EVENT_ID_REUSED',
            `an event with the id ${event.id} stands in the log already; give each event an id of its own, and repeat a command with its idempotency key`,
          );
        }
        seen.add(id);
      }
    }
  }

  #write({ stream, events }: StreamAppend): void {
    const key = scoped(stream.tenant, stream.id);
    const into = this.#streams.get(key) ?? { category: stream.category, events: [] };
    this.#streams.set(key, into);
    const stored = events.map((event, index) => this.#stored(stream, event, into.events.length, index));
    for (const { id } of stored) this.#eventIds.add(scoped(stream.tenant, id));
    into.events.push(...stored);
    this.#recorded.add(stored);
  }
  #stored(stream: StreamRef, event: EncodedEvent, before: number, index: number): StoredEvent {
    return isolated({
      id: event.id,
      type: event.schema.type,
      version: event.schema.version,
      tenant: stream.tenant,
      stream: stream.id,
      category: stream.category,
      key: stream.key,
      streamVersion: BigInt(before + index + 1) as StreamVersion,
      position: BigInt(this.#recorded.end + index + 1) as LogPosition,
      recordedAt: new Date(this.#now()),
      metadata: event.metadata,
      payload: event.payload,
      schemaId: this.#schemas.idOf(event.schema),
      topic: event.private ? null : this.#topic(stream.category),
      hash: partitionHash(kafkaKey(stream.tenant, stream.id)),
    });
  }

  #found({ tenant, key }: ReplyKey): StoredReply | undefined {
    const stored = this.#replies.get(scoped(tenant, key));
    if (!stored || stored.expiresAt <= this.#now()) return undefined;
    const { requestHash, reply, versions, token } = stored;
    return { requestHash, reply, versions, token };
  }
  #keep({ tenant, key, keepMs }: NewReply, reply: StoredReply): void {
    this.#replies.set(scoped(tenant, key), { ...reply, expiresAt: this.#now() + keepMs });
  }
}

/** The tenant leads every key. It holds no `/`, so the two parts cannot run together. */
const scoped = (tenant: string, name: string): string => `${tenant}/${name}`;

function holds(expect: Expectation, actual: StreamVersion): boolean {
  if (expect === 'any') return true;
  if (expect === 'absent') return actual === 0n;
  if (expect === 'present') return actual > 0n;
  return actual === expect;
}
/** Where the caller said that a stream without events stands; nothing of it was checked. */
const stated = (expect: Expectation): StreamVersion => (typeof expect === 'bigint' ? expect : 0n) as StreamVersion;
