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
 * A lock was not free in time: 5 s, or the `lock_timeout` of the connection. Nothing was written. Retryable; but a call outside a transaction
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

/** The transaction lost against a concurrent one (serialization failure or deadlock) and was rolled back: run it again. `LF_SERIALIZATION` */
export class SerializationFailure extends LeftfoldError {
  readonly code = 'LF_SERIALIZATION' as const;
  readonly retryable = true as const;

  constructor(cause: unknown) {
    super('the transaction lost against a concurrent one and was rolled back; run it again from its BEGIN', { cause });
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
