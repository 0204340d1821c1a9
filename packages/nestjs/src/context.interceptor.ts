import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { identifyContext } from './command-context.ts';
import type { LeftfoldOptions } from './options.ts';

/** Fills actor, tenant and roles into the request's context. An interceptor, since `request.user` does not exist before the guards. */
export class ContextInterceptor implements NestInterceptor {
  readonly #identify: LeftfoldOptions['identify'];

  constructor(options: LeftfoldOptions) {
    this.#identify = options.identify?.bind(options);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.#identify && context.getType() === 'http')
      identifyContext(this.#identify(context.switchToHttp().getRequest()));
    return next.handle();
  }
}
