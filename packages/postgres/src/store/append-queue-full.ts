import { LeftfoldError } from '@leftfold/core';

/**
 * More appends wait in this process than it keeps: the database takes them in more slowly than they come. Nothing of this one was written or sent. Retryable,
 * later: to whoever asked, this is "busy". `LF_APPEND_QUEUE_FULL`
 */
export class AppendQueueFull extends LeftfoldError {
  readonly code = 'LF_APPEND_QUEUE_FULL' as const;
  readonly retryable = true as const;

  constructor(what: string, limit: number, option: string) {
    super(
      `${limit} ${what} wait to be appended already (${option}); nothing was written: try again later, and let fewer requests in at once`,
    );
  }
}
