import type { Envelope, StreamId } from '@leftfold/core';
import { BY_REDRIVE } from '@leftfold/subscriptions';
import type {
  Claim,
  FollowerId,
  HeldStreams,
  KeptRecord,
  Lane,
  NewParked,
  Parked,
  ParkedCause,
  ParkedEvent,
  ParkedHead,
  ParkedKey,
  ParkedNote,
  ParkedPlace,
  ParkedRequest,
  ParkedWriter,
} from '@leftfold/subscriptions';
import type { TurnTaking } from './turn-taking.ts';

/** A parked key. Never changed, only replaced: so a transaction can lay its own over it. */
interface KeptKey extends ParkedPlace {
  readonly cause: ParkedCause;
  readonly attempts: number;
  readonly since: Date;
  readonly lastTried: Date;
  readonly request?: ParkedRequest;
  /** In order, never empty. */
  readonly events: readonly ParkedEvent[];
}
/** What a transaction has written: by name, `null` where a key is live again. */
interface Written {
  readonly keys: Map<string, KeptKey | null>;
  readonly notes: ParkedNote[];
}

/** What is parked, in memory. What a tool writes takes turns with the owners' transactions, as with the row locks of a database. */
export class MemoryParked implements Parked {
  readonly #keys = new Map<string, KeptKey>();
  readonly #notes: ParkedNote[] = [];
  readonly #turns: TurnTaking;
  readonly #now: () => number;
  #last = 0n;

  /** @param now milliseconds since 1970 */
  constructor(turns: TurnTaking, now: () => number) {
    this.#turns = turns;
    this.#now = now;
  }

  async keys(claim: Claim): Promise<readonly HeldStreams[]> {
    return this.#ofLane(claim).map(({ tenant, key, events }) => ({
      tenant,
      key,
      streams: [...new Set(events.map(({ envelope }): StreamId => envelope.stream))],
    }));
  }
  async requested(claim: Claim, { limit }: { readonly limit: number }): ReturnType<Parked['requested']> {
    return this.#ofLane(claim)
      .flatMap(({ tenant, key, request }) => (request ? [{ tenant, key, request }] : []))
      .sort((a, b) => a.request.at.getTime() - b.request.at.getTime())
      .slice(0, limit);
  }
  async list({ follower, after, limit }: Parameters<Parked['list']>[0]): Promise<readonly ParkedHead[]> {
    return [...this.#keys.values()]
      .filter((kept) => follower === undefined || isOf(follower, kept))
      .filter((kept) => after === undefined || isBefore(after, kept))
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .slice(0, limit)
      .map(({ events, ...kept }) => ({ ...kept, events: events.length, first: (events[0] as ParkedEvent).envelope }));
  }
  async count(follower: FollowerId): Promise<ReadonlyMap<Lane, number>> {
    const counts = new Map<Lane, number>();
    for (const kept of this.#keys.values())
      if (isOf(follower, kept)) counts.set(kept.lane, (counts.get(kept.lane) ?? 0) + 1);
    return counts;
  }
  async events(
    at: ParkedPlace,
    { after = 0n, limit, bytes = Infinity }: Parameters<Parked['events']>[1],
  ): Promise<readonly ParkedEvent[]> {
    const asked = (this.#keys.get(nameOf(at))?.events ?? []).filter(({ n }) => n > after).slice(0, limit);
    let before = 0;
    const beyond = asked.findIndex((event) => {
      if (before >= bytes) return true;
      before += bytesOf(event);
      return false;
    });
    return beyond < 0 ? asked : asked.slice(0, beyond);
  }
  request(at: ParkedPlace, { first, ...request }: Parameters<Parked['request']>[1]): Promise<boolean> {
    return this.#turns.next(() => {
      const kept = this.#keys.get(nameOf(at));
      const head = kept?.events[0]?.n;
      if (kept === undefined || head === undefined || (first !== undefined && first !== head)) return false;
      // Its time tells a request from the one before it.
      const time = Math.max(this.#now(), (kept.request?.at.getTime() ?? -1) + 1);
      this.#keys.set(nameOf(at), { ...kept, request: { ...request, first: head, at: new Date(time) } });
      return true;
    });
  }
  edit(at: ParkedPlace, n: bigint, edited: Parameters<Parked['edit']>[2]): Promise<boolean> {
    return this.#turns.next(() => {
      const kept = this.#keys.get(nameOf(at));
      const place = kept?.events.findIndex((event) => event.n === n && event.kept !== null) ?? -1;
      const event = kept?.events[place];
      if (kept === undefined || event === undefined) return false;
      const with_ = { ...event, edited: { ...structuredClone(edited), at: new Date(this.#now()) } };
      this.#keys.set(nameOf(at), { ...kept, events: kept.events.with(place, with_) });
      return true;
    });
  }
  async notes(follower: FollowerId, { limit }: { readonly limit: number }): Promise<readonly ParkedNote[]> {
    return this.#notes
      .filter((note) => isOf(follower, note))
      .toReversed()
      .slice(0, limit);
  }

  /** What an owner's transaction has of it, until it is committed. Only to be used, and committed, within one turn. */
  begin(claim: Claim): MemoryParkedWriter {
    return new MemoryParkedWriter(claim, {
      now: () => new Date(this.#now()),
      next: () => (this.#last += 1n),
      get: (name) => this.#keys.get(name) ?? null,
      commit: ({ keys, notes }) => {
        for (const [name, kept] of keys) {
          if (kept === null) this.#keys.delete(name);
          else this.#keys.set(name, kept);
        }
        this.#notes.push(...notes);
      },
    });
  }

  #ofLane({ follower, lane }: Claim): readonly KeptKey[] {
    return [...this.#keys.values()].filter((kept) => isOf(follower, kept) && kept.lane === lane);
  }
}

/** What lies under a transaction. */
interface Committed {
  now(): Date;
  next(): bigint;
  get(name: string): KeptKey | null;
  commit(written: Written): void;
}

/** A transaction's part in what is parked of a lane. */
export class MemoryParkedWriter implements ParkedWriter {
  readonly #claim: Claim;
  readonly #committed: Committed;
  #written: Written = { keys: new Map(), notes: [] };

  constructor(claim: Claim, committed: Committed) {
    this.#claim = claim;
    this.#committed = committed;
  }

  async park(events: readonly NewParked[]): Promise<void> {
    for (const event of events) this.#park(event);
  }
  #park({ tenant, key, envelope, kept: record, cause, attempts = 1 }: NewParked): void {
    const at = this.#at({ tenant, key });
    const kept = this.#get(at);
    if (kept?.events.some((event) => isSame(event.envelope, envelope))) return;
    const now = this.#committed.now();
    const event: ParkedEvent = { n: this.#committed.next(), envelope, kept: record && isolated(record) };
    this.#set(
      at,
      kept
        ? { ...kept, events: [...kept.events, event] }
        : { ...at, cause: cause ?? { code: '', text: '' }, attempts, since: now, lastTried: now, events: [event] },
    );
  }
  async first(key: ParkedKey, limit: number): Promise<readonly ParkedEvent[]> {
    return (this.#get(this.#at(key))?.events ?? []).slice(0, limit);
  }
  async drop(key: ParkedKey, through: bigint, discarded?: Parameters<ParkedWriter['drop']>[2]): Promise<boolean> {
    const at = this.#at(key);
    const kept = this.#get(at);
    if (kept === null) return true;
    const now = this.#committed.now();
    for (const { n, envelope, edited } of kept.events) {
      if (n > through) break;
      const note = discarded ?? edited;
      if (note === undefined) continue;
      const { by, reason } = note;
      this.#written.notes.push({ ...at, n, envelope, kind: discarded ? 'discarded' : 'edited', by, reason, at: now });
    }
    const events = kept.events.filter(({ n }) => n > through);
    const [head] = events;
    if (head === undefined) {
      this.#set(at, null);
      return true;
    }
    const { request, ...others } = kept;
    const isDone = request?.at.getTime() === discarded?.carriedOut.getTime();
    const open: ParkedRequest | undefined =
      request && isDone ? { kind: 'retry', by: request.by, at: request.at, first: head.n } : request;
    const isOther = events.length < kept.events.length;
    this.#set(at, { ...others, events, ...(isOther && { attempts: 0 }), ...(open && { request: open }) });
    return false;
  }
  async failed(key: ParkedKey, cause: ParkedCause, carriedOut: Date): Promise<void> {
    const at = this.#at(key);
    const kept = this.#get(at);
    if (kept === null) return;
    const { request, ...others } = kept;
    const isAnswered = request?.at.getTime() === carriedOut.getTime();
    const attempts = kept.attempts + 1;
    const open = request && !isAnswered && { request };
    this.#set(at, { ...others, cause, attempts, lastTried: this.#committed.now(), ...open });
  }
  async arrived(key: ParkedKey, envelope: Envelope, record: KeptRecord | null): Promise<'live' | 'parked' | 'unknown'> {
    const at = this.#at(key);
    const kept = this.#get(at);
    const place = kept?.events.findIndex((event) => event.kept === null && isSame(event.envelope, envelope)) ?? -1;
    const waiting = kept?.events[place];
    if (kept === null || waiting === undefined) return 'unknown';
    const events =
      record === null
        ? kept.events.toSpliced(place, 1)
        : kept.events.with(place, { ...waiting, envelope, kept: isolated(record) });
    const [head] = events;
    if (head === undefined) {
      this.#set(at, null);
      return 'live';
    }
    const isFirstThere = place === 0 && head.kept !== null;
    const request: ParkedRequest | undefined =
      kept.request ??
      (isFirstThere ? { kind: 'retry', by: BY_REDRIVE, first: head.n, at: this.#committed.now() } : undefined);
    this.#set(at, { ...kept, events, ...(request && { request }) });
    return 'parked';
  }

  /** What it takes to take back all from now on: calling it does. */
  mark(): () => void {
    const { keys, notes } = this.#written;
    const before = { keys: new Map(keys), notes: [...notes] };
    return () => (this.#written = before);
  }
  commit(): void {
    this.#committed.commit(this.#written);
  }

  #at({ tenant, key }: ParkedKey): ParkedPlace {
    const { follower, lane } = this.#claim;
    return { follower, lane, tenant, key };
  }
  #get(at: ParkedPlace): KeptKey | null {
    const name = nameOf(at);
    const written = this.#written.keys.get(name);
    return written === undefined ? this.#committed.get(name) : written;
  }
  #set(at: ParkedPlace, kept: KeptKey | null): void {
    this.#written.keys.set(nameOf(at), kept);
  }
}

const isSame = (a: Envelope, b: Envelope): boolean =>
  a.stream === b.stream && a.streamVersion === b.streamVersion && a.tenant === b.tenant;
const isOf = (follower: FollowerId, kept: ParkedPlace): boolean =>
  kept.follower.name === follower.name && kept.follower.version === follower.version;
/** Bytes are the caller's buffer, which it may use again. */
const isolated = ({ envelope, raw }: KeptRecord): KeptRecord => ({ envelope, raw: structuredClone(raw) });

const nameOf = (at: ParkedPlace): string => JSON.stringify(pathOf(at));
const pathOf = ({ follower, lane, tenant, key }: ParkedPlace): readonly (string | number)[] => [
  follower.name,
  follower.version,
  lane,
  tenant,
  key,
];
function isBefore(a: ParkedPlace, b: ParkedPlace): boolean {
  const path = pathOf(b);
  for (const [at, of] of pathOf(a).entries()) {
    const other = path[at] as string | number;
    if (of !== other) return of < other;
  }
  return false;
}

const bytesOf = ({ kept, edited }: ParkedEvent): number =>
  (kept?.raw?.value?.byteLength ?? 0) + (edited === undefined ? 0 : JSON.stringify(edited.payload).length);
