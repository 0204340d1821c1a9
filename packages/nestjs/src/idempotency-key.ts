import { InputInvalid } from '@leftfold/core';
import { applyDecorators, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';

class IdempotencyKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ readonly headers: { readonly [name: string]: unknown } }>();
    if (typeof headers['idempotency-key'] === 'string' && headers['idempotency-key'] !== '') return true;
    throw new InputInvalid(
      'LF_IDEMPOTENCY_KEY_MISSING',
      'this request needs an Idempotency-Key header: a UUID drawn for it, the same when it is repeated',
    );
  }
}

/** Requires `Idempotency-Key` (400 `LF_IDEMPOTENCY_KEY_MISSING` without it). Without the decorator the header is used when present. */
export function RequiresIdempotencyKey(): MethodDecorator & ClassDecorator {
  return applyDecorators(UseGuards(IdempotencyKeyGuard));
}
