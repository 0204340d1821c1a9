import { InputInvalid, REBIND } from '@leftfold/core';
import type { EventStore, Rebindable, TransactionalEventStore } from '@leftfold/core';
import type { PgTransaction } from './pool.ts';

/**
 * The same store, or the same repository, inside a transaction of yours: `within(tx, orders).place(orderId, input)`. What it appends is committed, or not, with
 * the rest of that transaction. `tx` is a `pg` client on which BEGIN was sent, or a transaction of Kysely's. Calls made at once run one after the other; await
 * them before you send anything yourself, since a call that is refused undoes all that was sent after it began.
 *
 * A conflict throws `LF_CONFLICT`, a key that another stream holds `LF_UNIQUE_KEY_TAKEN` (a command throws the refusal it declared for it): run your transaction
 * again. Neither aborts it, nor does a repeated event id. `LF_SERIALIZATION` is told, not retried.
 *
 * Calling the outer `orders` on a stream that `tx` holds waits for yourself: `LF_LOCK_TIMEOUT`.
 *
 * @throws {@link InputInvalid} `LF_NOT_TRANSACTIONAL` for a target whose store takes no transactions of yours · `LF_NOT_IN_TRANSACTION` for a Kysely that is no
 *   transaction
 */
export function within<T extends object>(tx: PgTransaction, target: T): T {
  if (REBIND in target) return (target as T & Rebindable<T>)[REBIND]((store) => storeWithin(tx, store));
  return storeWithin(tx, target as T & EventStore) as T;
}

function storeWithin(tx: PgTransaction, store: EventStore): EventStore {
  const { within } = store as Partial<TransactionalEventStore<PgTransaction>>;
  if (typeof within === 'function') return within.call(store, tx);
  throw new InputInvalid(
    'LF_NOT_TRANSACTIONAL',
    'within(tx, …) takes a Postgres store or a repository on one; this one works on a store without transactions of yours',
  );
}
