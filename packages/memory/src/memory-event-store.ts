import {
  alreadyAppended,
  checkAppends,
  checkCategory,
  checkKeyChanges,
  isMet,
  kafkaKey,
  partitionHash,
  readRange,
  statedVersion,
} from '@leftfold/core';
import type {
  Abort,
  AppendOptions,
  AppendOutcome,
  EventStore,
  KeyChange,
  LogPosition,
  NewReply,
  ReadOptions,
  ReplyKey,
  StoredEvent,
  StoredReply,
  StreamAppend,
  StreamRef,
  StreamVersion,
} from '@leftfold/core';
import { appendInline, type MemoryInline, type PreparedWrite } from './inline-append.ts';
import { isolated } from './isolated.ts';
import { MemorySnapshots } from './memory-snapshots.ts';
import { MemoryUniqueKeys } from './memory-unique-keys.ts';
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
  /** Most events of one append. */
  readonly maxEvents: number;
  /** What appends apply, if anything. */
  readonly inline?: MemoryInline;
}

/**
 * Streams in memory. An append is one synchronous step, or one turn where projections are applied with it: that alone makes it all or nothing, and one of k concurrent ones
 * the winner.
 */
export class MemoryEventStore implements EventStore {
  readonly snapshots: MemorySnapshots = new MemorySnapshots();
  readonly #recorded: RecordedEvents;
  readonly #topic: (category: string) => string | null;
  readonly #now: () => number;
  readonly #maxEvents: number;
  readonly #inline: MemoryInline | undefined;
  readonly #streams = new Map<string, { readonly category: string; readonly events: StoredEvent[] }>();
  readonly #byId = new Map<string, StoredEvent>();
  readonly #replies = new Map<string, StoredReply & { readonly expiresAt: number }>();
  readonly #keys = new MemoryUniqueKeys();
  readonly #schemas = new WriterSchemas();

  constructor({ recorded, topic, now, maxEvents, inline }: MemoryEventStoreOptions) {
    this.#inline = inline;
    this.#recorded = recorded;
    this.#topic = topic;
    this.#now = now;
    this.#maxEvents = maxEvents;
  }

  async *read(stream: StreamRef, options: ReadOptions = {}): AsyncIterable<readonly StoredEvent[]> {
    const { after, upTo, backwards, limit } = readRange(options);
    let [from, to, left] = [Number(after), Number(upTo), limit];
    do {
      if (options.signal?.aborted) throw options.signal.reason;
      this.#checkCategory(stream);
      const { events = [] } = this.#stream(stream) ?? {};
      const size = Math.min(PAGE, left);
      to = backwards ? Math.min(to, events.length) : to;
      const page = backwards
        ? events.slice(Math.max(from, to - size), Math.max(from, to)).toReversed()
        : events.slice(from, Math.min(from + size, to));
      if (page.length > 0) yield page.map(isolated);
      if (page.length < size) return;
      left -= page.length;
      if (backwards) to -= page.length;
      else from += page.length;
    } while (left > 0);
  }

  async append(appends: readonly StreamAppend[], options: AppendOptions = {}): Promise<AppendOutcome> {
    const { reply, keys = [], signal } = options;
    if (signal?.aborted) throw signal.reason;
    const written = appends.filter(({ events }) => events.length > 0);
    checkAppends(written, this.#maxEvents);
    checkKeyChanges(keys);
    const prepare = (): AppendOutcome | PreparedWrite => this.#prepare(appends, written, reply, keys);
    if (this.#inline) return appendInline(this.#inline, written, prepare, (...of) => this.#history(...of));
    const prepared = prepare();
    return 'kind' in prepared ? prepared : prepared.write();
  }

  /** What becomes of an append. One synchronous step with what is done with the answer, or one turn. */
  #prepare(
    appends: readonly StreamAppend[],
    written: readonly StreamAppend[],
    reply: NewReply | undefined,
    keys: readonly KeyChange[],
  ): AppendOutcome | PreparedWrite {
    const answered = reply && this.#found(reply);
    if (answered) return { kind: 'replied', ...answered };
    for (const { stream } of written) this.#checkCategory(stream);
    const standing = alreadyAppended(written, (tenant, id) => {
      const event = this.#byId.get(scoped(tenant, id));
      return event && { stream: event.stream, version: event.streamVersion };
    });
    if (standing) {
      const versions = versionsOf(appends, (append) => standing[written.indexOf(append)]);
      return { kind: 'appended', versions, token: this.#recorded.tokenOf(this.#standing(written)), already: true };
    }
    for (const { stream, expect } of written) {
      const actual = this.#version(stream);
      if (!isMet(expect, actual)) return { kind: 'conflict', stream: stream.id, actual };
    }
    const changeKeys = this.#keys.change(keys);
    if ('key' in changeKeys) return { kind: 'taken', ...changeKeys };
    const events = this.#stored(written);
    return {
      events,
      write: () => {
        changeKeys();
        this.#write(written, events);
        const versions = versionsOf(appends, ({ events: { length }, stream }) =>
          length > 0 ? this.#version(stream) : undefined,
        );
        const token = this.#recorded.tokenOf(events);
        if (reply) this.#keep(reply, { requestHash: reply.requestHash, reply: reply.reply, versions, token });
        return { kind: 'appended', versions, token, already: false };
      },
    };
  }

  async reply(key: ReplyKey, { signal }: { readonly signal?: Abort } = {}): Promise<StoredReply | undefined> {
    if (signal?.aborted) throw signal.reason;
    return this.#found(key);
  }

  #stream({ tenant, id }: StreamRef) {
    return this.#streams.get(scoped(tenant, id));
  }
  #version(stream: StreamRef): StreamVersion {
    return BigInt(this.#stream(stream)?.events.length ?? 0) as StreamVersion;
  }

  #checkCategory(stream: StreamRef): void {
    checkCategory(stream, this.#stream(stream)?.category ?? stream.category);
  }
  /** These events as they were appended before. */
  #standing(written: readonly StreamAppend[]): readonly StoredEvent[] {
    return written.flatMap(({ stream, events }) =>
      events.flatMap(({ id }) => this.#byId.get(scoped(stream.tenant, id)) ?? []),
    );
  }

  #write(written: readonly StreamAppend[], events: readonly StoredEvent[]): void {
    let from = 0;
    for (const append of written) {
      const { tenant, id, category } = append.stream;
      const stored = events.slice(from, (from += append.events.length));
      const into = this.#stream(append.stream) ?? { category, events: [] };
      this.#streams.set(scoped(tenant, id), into);
      for (const event of stored) this.#byId.set(scoped(tenant, event.id), event);
      into.events.push(...stored);
      this.#recorded.add(stored);
    }
  }
  #stored(written: readonly StreamAppend[]): readonly StoredEvent[] {
    let position = this.#recorded.end;
    return written.flatMap(({ stream, events }) => {
      const before = this.#version(stream);
      return events.map((event, index) =>
        isolated({
          id: event.id,
          type: event.schema.type,
          version: event.schema.version,
          tenant: stream.tenant,
          stream: stream.id,
          category: stream.category,
          key: stream.key,
          streamVersion: (before + BigInt(index) + 1n) as StreamVersion,
          position: BigInt((position += 1)) as LogPosition,
          recordedAt: new Date(this.#now()),
          metadata: event.metadata,
          payload: event.payload,
          schema: this.#schemas.of(event.schema),
          topic: event.private ? null : this.#topic(stream.category),
          hash: partitionHash(kafkaKey(stream.tenant, stream.id)),
        }),
      );
    });
  }
  async *#history(
    { tenant, stream }: Pick<StoredEvent, 'tenant' | 'stream'>,
    { after, upTo }: { readonly after: bigint; readonly upTo: bigint },
  ): AsyncIterable<readonly StoredEvent[]> {
    const { events = [] } = this.#streams.get(scoped(tenant, stream)) ?? {};
    yield events.slice(Number(after), Number(upTo)).map(isolated);
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

const versionsOf = (
  appends: readonly StreamAppend[],
  writtenTo: (append: StreamAppend) => StreamVersion | undefined,
): readonly StreamVersion[] => appends.map((append) => writtenTo(append) ?? statedVersion(append.expect));
