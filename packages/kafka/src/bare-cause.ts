import { LeftfoldError } from '@leftfold/core';

/** As deep as clients were seen to wrap, and some. */
const DEEPEST = 8;
const MOST = 10;

/** What a client's error says, and nothing of the client. */
interface Bare extends Error {
  readonly [field: string]: unknown;
}

/**
 * An error of a client as something that may be kept, shown and logged: its names, codes and texts, and those of all it wraps. Clients hang more on their
 * errors, as it suits them: sockets, requests, whole answers with records in them, and what they were configured with. Errors of ours pass unchanged.
 */
export function bareCause(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error) || error instanceof LeftfoldError) return isPlain(error) ? error : undefined;
  const bare = new Error(error.message) as { -readonly [field in keyof Bare]: Bare[field] };
  const fields = error as unknown as Bare;
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = error.stack;
  for (const field of ['code', 'type', 'apiId'])
    if (typeof fields[field] === 'string' || typeof fields[field] === 'number') bare[field] = fields[field];
  if (depth === DEEPEST) return bare;
  if (error.cause !== undefined && error.cause !== error) bare.cause = bareCause(error.cause, depth + 1);
  const { errors } = fields;
  if (Array.isArray(errors)) bare['errors'] = errors.slice(0, MOST).map((each: unknown) => bareCause(each, depth + 1));
  return bare;
}

const isPlain = (value: unknown): boolean =>
  value instanceof LeftfoldError || value === null || (typeof value !== 'object' && typeof value !== 'function');
