import { expect, test } from 'vitest';
import { contextOptions, identifyContext, openContext } from './command-context.ts';

const correlationOf = (): string | undefined => contextOptions().metadata?.correlationId;

test('outside a request there is nothing to give', () => {
  identifyContext({ actor: 'ann' });
  expect(contextOptions()).toEqual({});
  expect(contextOptions('read')).toEqual({});
});
test('a request opened twice, as by two instances, has one context', () => {
  const headers = {};
  openContext(headers, () => {
    const outer = correlationOf();
    openContext(headers, () => expect(correlationOf()).toBe(outer));
  });
});
test('a request from within another one has a context of its own, and nothing of the other caller', () => {
  openContext({ 'idempotency-key': 'k' }, () => {
    identifyContext({ actor: 'ann', tenant: 'north', roles: ['chief'] });
    const outer = correlationOf();
    openContext({}, () => {
      expect(contextOptions()).toEqual({
        metadata: { correlationId: expect.any(String) as string },
        written: expect.any(Function) as () => void,
      });
      expect(correlationOf()).not.toBe(outer);
    });
  });
});
test('each command of a request has an idempotency key of its own, whatever is read in between', () => {
  openContext({ 'idempotency-key': 'k' }, () => {
    identifyContext({ tenant: 'north' });
    const keys = [contextOptions(), contextOptions('read'), contextOptions()].map(
      ({ idempotencyKey }) => idempotencyKey,
    );
    expect(keys).toEqual(['k', undefined, 'k#1']);
    expect(contextOptions('read')).toEqual({ metadata: { tenant: 'north' } });
  });
});
test.each([
  ['is taken', 'order-7', true],
  ['that is too long is not taken', 'x'.repeat(129), false],
  ['with blanks is not taken', 'a b', false],
  ['that is empty is not taken', '', false],
])('a correlation id %s', (_, given, isTaken) => {
  openContext({ 'x-correlation-id': given }, () => expect(correlationOf() === given).toBe(isTaken));
});
test('a malformed traceparent is left out, not refused: it is somebody else’s mistake', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  openContext({ traceparent }, () => expect(contextOptions().metadata).toMatchObject({ traceparent }));
  openContext({ traceparent: 'abc' }, () => expect(contextOptions().metadata).not.toHaveProperty('traceparent'));
});
