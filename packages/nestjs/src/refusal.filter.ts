import { isRefusal, LeftfoldError } from '@leftfold/core';
import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { LeftfoldOptions } from './options.ts';

/** Statuses of our own codes. What is not listed is a fault: 500, or 503 where trying again may help. */
const STATUS: { readonly [code: string]: number } = {
  LF_EVENT_INVALID: 422,
  LF_INPUT_NOT_JSON: 400,
  LF_STREAM_CATEGORY: 400,
  LF_APPEND_TOO_LARGE: 422,
  LF_STREAM_ID_INVALID: 400,
  LF_TENANT_INVALID: 400,
  LF_METADATA_INVALID: 400,
  LF_IDEMPOTENCY_KEY_INVALID: 400,
  LF_IDEMPOTENCY_KEY_MISSING: 400,
  LF_IDEMPOTENCY_KEY_REUSED: 422,
  LF_CONFLICT: 412,
  LF_TOKEN_INVALID: 400,
  LF_TOKEN_FOREIGN: 400,
};
const RETRY_AFTER_SECONDS = '1';

/**
 * Answers refusals and faults of the framework as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, and for refusals `detail` and their
 * details. The only place below the application where HTTP numbers stand. From 500 on the text stays in the log.
 */
@Catch(LeftfoldError)
export class RefusalFilter implements ExceptionFilter<LeftfoldError> {
  readonly #log = new Logger('Leftfold');
  readonly #host: HttpAdapterHost;
  readonly #options: LeftfoldOptions;

  constructor(host: HttpAdapterHost, options: LeftfoldOptions) {
    this.#host = host;
    this.#options = options;
  }

  catch(error: LeftfoldError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const adapter = this.#host.httpAdapter;
    const response: unknown = host.switchToHttp().getResponse();
    const status = this.#statusOf(error);
    const isTooLate = adapter.isHeadersSent(response) === true;
    if (status >= 500 || isTooLate) this.#log.error(`${error.code}: ${error.message}`, error.stack);
    // A reply that was under way, as a stream, can only be broken off: were it ended, the client would take what it has for all there is.
    if (isTooLate) {
      host.switchToHttp().getRequest<{ readonly socket: { destroy(): void } }>().socket.destroy();
      return;
    }
    adapter.setHeader(response, 'content-type', 'application/problem+json');
    if (status === 503) adapter.setHeader(response, 'retry-after', RETRY_AFTER_SECONDS);
    adapter.reply(response, problem(error, status), status);
  }

  #statusOf(error: LeftfoldError): number {
    if (isRefusal(error)) return this.#options.status?.[error.code] ?? (error.code.endsWith('_NOT_FOUND') ? 404 : 409);
    return STATUS[error.code] ?? (error.retryable ? 503 : 500);
  }
}

function problem(error: LeftfoldError, status: number): object {
  const about = { type: 'about:blank', title: error.code, status, code: error.code };
  if (status >= 500) return about;
  return isRefusal(error) ? { ...error.details, ...about, detail: error.message } : { ...about, detail: error.message };
}
