import type { HeldStreams, ParkedKey } from '../parked.ts';

/** An event's tenant and stream. */
interface OfStream {
  readonly tenant: string;
  readonly stream: string;
}

/**
 * Which keys of a lane are parked, as its owner knows it since the claim: nobody else parks or unparks (hazard C15). A stream of which an event waits under a key waits
 * there altogether, whatever rows its later events belong to: so of one stream nothing overtakes.
 *
 * One can lie over another, for what a transaction would change: it counts once it is {@link merge}d.
 */
export class HeldKeys {
  readonly #under: HeldKeys | undefined;
  /** By name: false where it is live again, though it is parked below. */
  readonly #keys = new Map<string, boolean>();
  readonly #ofStreams = new Map<string, ParkedKey>();
  /** Names of what was parked below and is not any more, though it may be parked anew here: for other streams. */
  readonly #released = new Set<string>();
  /** The same the other way round, so that a hundred thousand keys are not gone through for each that is released. */
  readonly #streamsOf = new Map<string, Set<string>>();

  constructor(keys: readonly HeldStreams[] = [], under?: HeldKeys) {
    this.#under = under;
    for (const { streams, ...key } of keys) for (const stream of streams) this.hold(key, stream);
  }

  /** How many keys are parked. Of one that lies over nothing. */
  get size(): number {
    return this.#keys.size;
  }
  /** Nothing is parked, as almost always: then nobody need ask for a key. */
  get isEmpty(): boolean {
    return this.#keys.size === 0 && this.#under?.isEmpty !== false;
  }
  isHeld(key: ParkedKey): boolean {
    return this.#isHeld(nameOf(key.tenant, key.key));
  }
  /** The key under which a stream waits. */
  keyOf({ tenant, stream }: OfStream): ParkedKey | undefined {
    if (this.isEmpty) return undefined;
    const key = this.#lastKeyOf(nameOf(tenant, stream));
    return key !== undefined && this.isHeld(key) ? key : undefined;
  }

  /** An event of this stream waits under this key. */
  hold(key: ParkedKey, stream: string): void {
    this.#keys.set(nameOf(key.tenant, key.key), true);
    this.#file(nameOf(key.tenant, stream), key);
  }
  /** Nothing waits under this key any more. */
  release(key: ParkedKey): void {
    const name = nameOf(key.tenant, key.key);
    if (this.#under) {
      this.#keys.set(name, false);
      this.#released.add(name);
    } else this.#keys.delete(name);
    for (const stream of this.#streamsOf.get(name) ?? []) this.#ofStreams.delete(stream);
    this.#streamsOf.delete(name);
  }

  /** One that lies over this. */
  over(): HeldKeys {
    return new HeldKeys([], this);
  }
  /** What has changed here has changed below. */
  merge(): void {
    const under = this.#under;
    if (under === undefined) return;
    for (const name of this.#released) {
      const [tenant, key] = splitName(name);
      under.release({ tenant, key });
    }
    for (const [name, isHeld] of this.#keys) if (isHeld) under.#keys.set(name, true);
    for (const [stream, key] of this.#ofStreams) under.#file(stream, key);
  }

  /** A stream waits under one key, the latest it was filed under. */
  #file(stream: string, key: ParkedKey): void {
    const before = this.#ofStreams.get(stream);
    if (before !== undefined) this.#streamsOf.get(nameOf(before.tenant, before.key))?.delete(stream);
    this.#ofStreams.set(stream, key);
    const name = nameOf(key.tenant, key.key);
    const streams = this.#streamsOf.get(name);
    if (streams === undefined) this.#streamsOf.set(name, new Set([stream]));
    else streams.add(stream);
  }

  #lastKeyOf(stream: string): ParkedKey | undefined {
    const key = this.#ofStreams.get(stream);
    if (key !== undefined || this.#under === undefined) return key;
    const below = this.#under.#lastKeyOf(stream);
    return below !== undefined && this.#released.has(nameOf(below.tenant, below.key)) ? undefined : below;
  }
  #isHeld(name: string): boolean {
    const isHeld = this.#keys.get(name);
    if (isHeld !== undefined || this.#under === undefined) return isHeld ?? false;
    return this.#under.#isHeld(name);
  }
}

// A tenant holds no '/', so the two cannot run together.
const nameOf = (tenant: string, of: string): string => `${tenant}/${of}`;
const splitName = (name: string): readonly [tenant: string, key: string] => {
  const at = name.indexOf('/');
  return [name.slice(0, at), name.slice(at + 1)];
};
