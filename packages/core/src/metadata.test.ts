import { expect, test } from 'vitest';
import type { Metadata } from './message.ts';
import { checkMetadata } from './metadata.ts';

const good: Metadata = {
  correlationId: 'c-1',
  actor: 'ann',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  headers: { 'x-source': 'import 7', priority: 'high' },
};
test('good metadata passes as it is', () => {
  expect(checkMetadata(good)).toBe(good);
});
test.each<[string, Partial<Metadata>]>([
  ['an empty correlation id', { correlationId: '' }],
  ['no correlation id', { correlationId: undefined as never }],
  ['an empty causation id', { causationId: '' }],
  ['a newline in the actor', { actor: 'ann\nbob' }],
  ['an actor that is no text', { actor: 7 as never }],
  ['CR and LF in a header', { headers: { note: 'a\r\nce_id: forged' } }],
  ['a header name that is no token', { headers: { 'a b': 'x' } }],
  ['a second traceparent', { headers: { Traceparent: 'x' } }],
  ['a forged CloudEvents header', { headers: { ce_id: 'x' } }],
  ['a forged tenant', { headers: { lf_tenant: 'x' } }],
  ['our own header', { headers: { LF: 'x' } }],
  ['a name given twice', { headers: { note: 'a', Note: 'b' } }],
  ['a malformed traceparent', { traceparent: 'abc' }],
  ['a lone surrogate', { actor: '\ud800' }],
  ['an invalid date', { effectiveAt: new Date(Number.NaN) }],
  ['more than 8 KiB', { headers: { note: 'x'.repeat(9000) } }],
])('metadata with %s is refused', (_what, fault) => {
  expect(() => checkMetadata({ ...good, ...fault })).toThrow(expect.objectContaining({ code: 'LF_METADATA_INVALID' }));
});
