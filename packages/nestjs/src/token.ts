import type { ReadToken } from '@leftfold/core';
import { parseToken } from '@leftfold/subscriptions';
import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { TOKEN_HEADER } from './command-context.ts';

/**
 * The token that a request sent in `Leftfold-Token`; `undefined` where there is none. Of several headers all.
 * @throws `LF_TOKEN_INVALID`, 400
 */
export function tokenOf(context: ExecutionContext): ReadToken | undefined {
  const { headers } = context.switchToHttp().getRequest<{ readonly headers: { readonly [name: string]: unknown } }>();
  const sent = headers[TOKEN_HEADER];
  const text = Array.isArray(sent) ? sent.join(',') : sent;
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  parseToken(text);
  return text as ReadToken;
}

/** The client's token, for handlers that wait by hand: `freshness.applied(token, [orderSummary])`. `undefined` where it sent none. */
export const Token: () => ParameterDecorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
  tokenOf(context),
);
