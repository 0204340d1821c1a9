import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';

/**
 * Replies with payload values as their schemas say them in JSON: bigints as decimal strings, bytes inside of objects as base64. Without it a bigint anywhere in a
 * reply is a 500, since JSON.stringify throws on it, and bytes become an object of numbers.
 */
export class JsonRepliesInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return context.getType() === 'http' ? next.handle().pipe(map(jsonReply)) : next.handle();
  }
}

/** The same value in JSON form: plain objects and arrays are copied, anything else is left as it is, and so are bytes that are the whole reply. */
export function jsonReply(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(memberReply);
  if (value === null || typeof value !== 'object') return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, memberReply(member)]));
}

const memberReply = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
    : jsonReply(value);
