import { LeftfoldError, OutcomeUnknown } from '@leftfold/core';
import {
  LockTimeout,
  LogOnStandby,
  NotInTransaction,
  SerializationFailure,
  StorageRefused,
  StorageUnavailable,
  TransactionAborted,
} from './storage-errors.ts';

/** What a database says about an error: told apart by SQLSTATE and constraint, never by its text. */
export interface DatabaseError extends Error {
  /** SQLSTATE. */
  readonly code: string;
  readonly severity: string;
  readonly detail?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
}

/** True when the server answered with an error. Everything else a driver throws is its own, mostly a lost connection. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'severity' in error &&
    typeof error.severity === 'string'
  );
}

/** True when the server says that the login may not do this. */
export const lacksPrivilege = (error: unknown): boolean => isDatabaseError(error) && error.code === '42501';

/**
 * True when the connection is of no use any more: the server said goodbye (classes 08, 57P, a session ended by a time-out), or the driver failed
 * without an answer of the server's. Drivers report that as a bare `Error`, with a system code or none.
 */
export function isConnectionLost(error: unknown): boolean {
  if (isDatabaseError(error)) {
    return /^(?:08|57P)/.test(error.code) || error.code === '25P03' || error.code === '25P04';
  }
  const isOurs = error instanceof LeftfoldError || error instanceof TypeError || error instanceof RangeError;
  return error instanceof Error && !isOurs;
}

/**
 * The error of this framework that a driver's error stands for, with it as `cause`; an error that is none of these is handed back as it is.
 * @param inDoubt what was sent, if its loss leaves the outcome open: then a lost connection is {@link OutcomeUnknown}.
 */
export function driverFault(error: unknown, inDoubt?: string): unknown {
  if (isConnectionLost(error)) {
    return inDoubt === undefined ? new StorageUnavailable(error) : new OutcomeUnknown(inDoubt, error);
  }
  if (!isDatabaseError(error)) return error;
  switch (error.code) {
    case '55P03':
      return new LockTimeout(error);
    case '40001':
    case '40P01':
      return new SerializationFailure(error);
    case '25P01':
      return new NotInTransaction(error);
    case '25P02':
      return new TransactionAborted(error);
    case '25006':
      return new LogOnStandby(error);
    // Somebody's statement_timeout: rolled back, like what lacks memory, disk or a connection.
    case '57014':
      return new StorageUnavailable(error);
    default:
      return error.code.startsWith('53') ? new StorageUnavailable(error) : error;
  }
}

/** The same for a connection that could not be had. */
export function connectFault(error: unknown): unknown {
  if (isDatabaseError(error)) {
    if (error.code.startsWith('28') || error.code === '3D000') return new StorageRefused(error);
    return new StorageUnavailable(error);
  }
  return driverFault(error);
}
