import { LeftfoldError } from '@leftfold/core';

/**
 * The database cannot be reached, lacks a resource, or the connection was lost before anything could have been committed. Retryable.
 * `LF_STORAGE_UNAVAILABLE`
 */
export class StorageUnavailable extends LeftfoldError {
  readonly code = 'LF_STORAGE_UNAVAILABLE' as const;
  readonly retryable = true as const;

  constructor(cause: unknown) {
    super('the database cannot be reached, or the connection to it was lost; no event was written, try again', {
      cause,
    });
  }
}

/** The database refuses this login, or there is no database of this name. Does not heal by itself. `LF_STORAGE_REFUSED` */
export class StorageRefused extends LeftfoldError {
  readonly code = 'LF_STORAGE_REFUSED' as const;
  readonly retryable = false as const;

  constructor(cause: unknown) {
    super('the database refuses the login or does not exist; check user, password and database of the pool', { cause });
  }
}

/**
 * A lock was not free in time: `lockTimeoutMs`, or the `lock_timeout` of the connection. Nothing was written. Retryable; but a call outside a transaction
 * on a stream that this same transaction holds waits for itself. `LF_LOCK_TIMEOUT`
 */
export class LockTimeout extends LeftfoldError {
  readonly code = 'LF_LOCK_TIMEOUT' as const;
  readonly retryable = true as const;

  constructor(cause: unknown) {
    super(
      'a stream or key is held by another transaction for longer than lock_timeout; nothing was written. ' +
        'If your own transaction holds it, use the store inside it: store.within(tx)',
      { cause },
    );
  }
}

/**
 * The transaction lost against concurrent ones (serialization failure or deadlock) and was rolled back. Told when it is the caller's, who alone can run it
 * again; otherwise only after several attempts. `LF_SERIALIZATION`
 */
export class SerializationFailure extends LeftfoldError {
  readonly code = 'LF_SERIALIZATION' as const;
  readonly retryable = true as const;

  constructor(cause: unknown) {
    super('the transaction lost against a concurrent one; roll it back and run it again from its BEGIN', { cause });
  }
}

/**
 * A statement of the caller's own failed before this call, so Postgres takes nothing more in this transaction. Nothing was written. `LF_TRANSACTION_ABORTED`
 */
export class TransactionAborted extends LeftfoldError {
  readonly code = 'LF_TRANSACTION_ABORTED' as const;
  readonly retryable = false as const;

  constructor(cause: unknown) {
    super(
      'this transaction was aborted by an earlier statement of yours and takes no more; roll it back and run it again, ' +
        'and put a savepoint around statements that may fail',
      { cause },
    );
  }
}

/** `within` was given a connection that is in no transaction. Nothing was written. `LF_NOT_IN_TRANSACTION` */
export class NotInTransaction extends LeftfoldError {
  readonly code = 'LF_NOT_IN_TRANSACTION' as const;
  readonly retryable = false as const;

  constructor(cause?: unknown) {
    super(
      'within(tx, …) was given a connection that is in no transaction; send BEGIN on the client first, or give the transaction that ' +
        'db.transaction().execute(…) of Kysely hands to you',
      cause === undefined ? undefined : { cause },
    );
  }
}

/** The server is a standby: it takes no writes, and its snapshots leave out running transactions, so the log is not read there either (hazard L15). `LF_LOG_ON_STANDBY` */
export class LogOnStandby extends LeftfoldError {
  readonly code = 'LF_LOG_ON_STANDBY' as const;
  readonly retryable = true as const;

  constructor(cause?: unknown) {
    super(
      'this server is a standby; the log is written and read on the primary only: point the pool at the primary',
      cause === undefined ? undefined : { cause },
    );
  }
}
