import type { Abort, Snapshots, StateSnapshot, StreamRef } from '@leftfold/core';

/** Snapshots in memory: of each stream and key the latest. */
export class MemorySnapshots implements Snapshots {
  readonly #latest = new Map<string, StateSnapshot>();

  async find(
    stream: StreamRef,
    key: string,
    { signal }: { readonly signal?: Abort } = {},
  ): Promise<StateSnapshot | undefined> {
    if (signal?.aborted) throw signal.reason;
    return this.#latest.get(nameOf(stream, key));
  }

  async save(stream: StreamRef, key: string, { version, lastEvent, state }: StateSnapshot): Promise<void> {
    const name = nameOf(stream, key);
    const kept = this.#latest.get(name);
    if (kept === undefined || kept.version <= version) {
      this.#latest.set(name, Object.freeze({ version, lastEvent, state }));
    }
  }
}

const nameOf = ({ tenant, id }: StreamRef, key: string): string => JSON.stringify([tenant, id, key]);
