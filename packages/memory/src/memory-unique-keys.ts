import type { KeyChange, StreamId, UniqueKey } from '@leftfold/core';

/** Which stream holds which unique key. */
export class MemoryUniqueKeys {
  readonly #holders = new Map<string, StreamId>();

  /** Gives back, then takes: all of it, when what is answered is called; or, when another stream holds one of the keys, nothing: then that one is answered. */
  change(changes: readonly KeyChange[]): { readonly key: UniqueKey; readonly by: StreamId } | (() => void) {
    const released = new Set(
      changes
        .filter(
          ({ change, stream, key }) => change === 'release' && this.#holders.get(scoped({ stream, key })) === stream.id,
        )
        .map(scoped),
    );
    const reserved = changes.filter(({ change }) => change === 'reserve');
    for (const change of reserved) {
      const by = this.#holders.get(scoped(change));
      if (by !== undefined && by !== change.stream.id && !released.has(scoped(change))) return { key: change.key, by };
    }
    return () => {
      for (const key of released) this.#holders.delete(key);
      for (const change of reserved) this.#holders.set(scoped(change), change.stream.id);
    };
  }
}

/** Within the tenant of its stream. */
const scoped = ({ stream, key }: Pick<KeyChange, 'stream' | 'key'>): string => JSON.stringify([stream.tenant, ...key]);
