import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { EMPTY, type Observable } from 'rxjs';
import { READS_OWN_WRITES, STALE_HEADER, type AwaitedByHandler } from './reads-own-writes.ts';
import { RequestFreshness } from './request-freshness.ts';
import { tokenOf } from './token.ts';

/** Node's response. */
interface Closing {
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Keeps queries waiting that say so with `@ReadsOwnWrites`. The application's, since one that is declared on a handler can be given nothing but by decorated parameters. */
export class ReadsOwnWritesInterceptor implements NestInterceptor {
  readonly #host: HttpAdapterHost;
  readonly #discovery: DiscoveryService;
  #all: readonly RequestFreshness[] | undefined;

  constructor(host: HttpAdapterHost, discovery: DiscoveryService) {
    this.#host = host;
    this.#discovery = discovery;
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const awaited = context.getType() === 'http' ? awaitedBy(context) : undefined;
    const token = awaited && tokenOf(context);
    if (awaited === undefined || token === undefined) return next.handle();
    const response = context.switchToHttp().getResponse<Closing & { readonly raw?: Closing }>();
    const gone = new AbortController();
    const closing = response.raw ?? response;
    closing.once('close', () => gone.abort());
    // Whoever has gone already, while a guard thought, is told by no event any more.
    if (closing.destroyed) gone.abort();
    try {
      await this.#applied(awaited, token, gone.signal);
    } catch (error) {
      // Nobody is there any more to be answered.
      if (gone.signal.aborted) return EMPTY;
      if (awaited.otherwise === 'refuse' || !this.#isStale(error, awaited)) throw error;
      this.#host.httpAdapter.setHeader(response, STALE_HEADER, 'true');
    }
    return next.handle();
  }

  async #applied(
    { projections, waitMs, instance }: AwaitedByHandler,
    token: string,
    signal: AbortSignal,
  ): Promise<void> {
    const own = this.#instances().find((one) => one.instance === instance);
    const others = this.#instances().filter((one) => one !== own);
    await own?.applied(token, projections, { waitMs, signal, others });
  }
  #instances(): readonly RequestFreshness[] {
    return (this.#all ??= this.#discovery
      .getProviders()
      .map(({ instance }): unknown => instance)
      .filter((instance) => instance instanceof RequestFreshness));
  }
  #isStale(error: unknown, { instance }: AwaitedByHandler): boolean {
    const { code } = error as { readonly code?: unknown };
    if (code === 'LF_NOT_YET_APPLIED' || code === 'LF_WRITE_PARKED') return true;
    return this.#instances().some((one) => one.instance === instance && one.isClosing);
  }
}

const awaitedBy = (context: ExecutionContext): AwaitedByHandler | undefined =>
  [context.getHandler(), context.getClass()]
    .map((target) => Reflect.getMetadata(READS_OWN_WRITES, target) as AwaitedByHandler | undefined)
    .find((awaited) => awaited !== undefined);
