import type { StreamVersion } from '@leftfold/core';
import type { HeldKey, WithheldCause, WithheldKey } from '../withheld.ts';

/** Why an event is withheld that the broker might take, and that has to wait for one it does not. */
export const BEHIND: WithheldCause = { code: 'LF_EARLIER_WITHHELD', text: 'an earlier event of its key is withheld' };

/** Names a key. Neither part can hold a line break. */
const nameOf = ({ topic, tenant, stream }: WithheldKey): string => `${topic}\n${tenant}\n${stream}`;

type Head = Pick<HeldKey, 'from' | 'cause'>;

/** The withheld keys of a lane, each with its first event, as the owner has them in memory. */
export class HeldKeys {
  readonly #heads: Map<string, Head>;

  constructor(keys: readonly HeldKey[]) {
    this.#heads = new Map(keys.map((key) => [nameOf(key), key]));
  }

  get size(): number {
    return this.#heads.size;
  }
  /** Why an event is withheld, or must be; undefined where it is not. What stands before the first one of its key that is withheld was sent. */
  causeOf(event: WithheldKey & { readonly streamVersion: StreamVersion }): WithheldCause | undefined {
    const head = this.#heads.get(nameOf(event));
    if (head === undefined || event.streamVersion < head.from) return undefined;
    return event.streamVersion === head.from ? head.cause : BEHIND;
  }
  /** From here on the key is withheld; `undefined`: it is not any more. */
  set(key: WithheldKey, head: Head | undefined): void {
    if (head === undefined) this.#heads.delete(nameOf(key));
    else this.#heads.set(nameOf(key), head);
  }
}
