import { inspect } from 'node:util';
import type { Envelope, EventId, LogPosition, Metadata, StreamVersion } from '@leftfold/core';
import { streamRef } from '@leftfold/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRecord, type RawRecord } from './parse-record.ts';
import { formatRecord, type RecordFrame } from './record-format.ts';

const VALUE = new TextEncoder().encode('{"orderId":"o-1"}');
const FRAME: RecordFrame = {
  stamp: { log: '0198a1b2-0000-7000-8000-000000000001', generation: 2, began: 40, sequence: 41 },
  writer: { fingerprint: 'f'.repeat(64) },
  source: 'orders',
  contentType: 'application/json',
};
const event = (more: Partial<Envelope> = {}, metadata: Partial<Metadata> = {}): Envelope => ({
  id: '0198a1b2-0000-7000-8000-00000000000a' as EventId,
  type: 'orders.order.placed',
  version: 2,
  tenant: '',
  stream: streamRef('orders.order', 'o-1').id,
  category: 'orders.order',
  key: 'o-1',
  streamVersion: 3n as StreamVersion,
  position: 9_007_199_254_740_993n as LogPosition,
  recordedAt: new Date('2026-01-02T03:04:05.678Z'),
  metadata: { correlationId: 'c-1', ...metadata },
  ...more,
});
const FULL = event(
  { tenant: 'acme', stream: streamRef('orders.order', 'ö-1', 'acme').id, key: 'ö-1' },
  {
    tenant: 'acme',
    causationId: 'k-1',
    actor: 'user "é"',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    effectiveAt: new Date('2026-01-01T00:00:00.000Z'),
    headers: { 'X-Source': 'web', __proto__x: 'y' },
  },
);
const raw = (of: Envelope, frame = FRAME): RawRecord => ({ value: VALUE, ...formatRecord(of, frame) });
const UNDECODABLE: unknown = expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE', retryable: false });

test('the wire form of the least there is: never to be changed, records of it are kept for ever', () => {
  expect(JSON.stringify(formatRecord(event(), FRAME))).toBe(
    String.raw`{"key":"orders.order-o-1","headers":{"ce_specversion":"1.0","ce_id":"0198a1b2-0000-7000-8000-00000000000a","ce_source":"orders","ce_type":"orders.order.placed","ce_time":"2026-01-02T03:04:05.678Z","ce_subject":"orders.order-o-1","content-type":"application/json","lf":"{\"v\":1,\"log\":\"0198a1b2-0000-7000-8000-000000000001\",\"generation\":2,\"began\":40,\"sequence\":41,\"tenant\":\"\",\"category\":\"orders.order\",\"key\":\"o-1\",\"streamVersion\":\"3\",\"position\":\"9007199254740993\",\"eventVersion\":2,\"schema\":\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\",\"correlation\":\"c-1\"}"}}`,
  );
});
test('the wire form of all there is: never to be changed, records of it are kept for ever', () => {
  expect(JSON.stringify(formatRecord(FULL, FRAME))).toBe(
    String.raw`{"key":"acme/orders.order-ö-1","headers":{"X-Source":"web","__proto__x":"y","ce_specversion":"1.0","ce_id":"0198a1b2-0000-7000-8000-00000000000a","ce_source":"orders","ce_type":"orders.order.placed","ce_time":"2026-01-02T03:04:05.678Z","ce_subject":"orders.order-ö-1","content-type":"application/json","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","lf":"{\"v\":1,\"log\":\"0198a1b2-0000-7000-8000-000000000001\",\"generation\":2,\"began\":40,\"sequence\":41,\"tenant\":\"acme\",\"category\":\"orders.order\",\"key\":\"ö-1\",\"streamVersion\":\"3\",\"position\":\"9007199254740993\",\"eventVersion\":2,\"schema\":\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\",\"correlation\":\"c-1\",\"causation\":\"k-1\",\"actor\":\"user \\\"é\\\"\",\"effective\":\"2026-01-01T00:00:00.000Z\"}"}}`,
  );
});
test.each([event(), FULL])('what was written is read back whole', (of) => {
  expect(parseRecord(raw(of))).toStrictEqual({
    envelope: of,
    stamp: FRAME.stamp,
    fingerprint: FRAME.writer.fingerprint,
    contentType: 'application/json',
  });
});
test('headers of the framework win over forged ones', () => {
  const forged = event({}, { headers: { ce_id: 'forged', lf: '{}', traceparent: 'forged' } });
  expect(parseRecord(raw(forged)).envelope.id).toBe(event().id);
});

const LF = JSON.parse(raw(FULL).headers['lf'] as string) as { readonly [name: string]: unknown };
const withLf = (more: object): RawRecord => {
  const record = raw(FULL);
  return { ...record, headers: { ...record.headers, lf: JSON.stringify({ ...LF, ...more }) } };
};
test.each([
  'v',
  'log',
  'generation',
  'began',
  'sequence',
  'tenant',
  'category',
  'key',
  'streamVersion',
  'position',
  'eventVersion',
  'schema',
  'correlation',
])('a record without %s in its lf header is undecodable', (name) => {
  expect(() => parseRecord(withLf({ [name]: undefined }))).toThrow(UNDECODABLE);
  expect(() => parseRecord(withLf({ [name]: null }))).toThrow(UNDECODABLE);
  expect(() => parseRecord(withLf({ [name]: -1 }))).toThrow(UNDECODABLE);
});
test.each(['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_subject', 'content-type', 'lf'])(
  'a record without the header %s is undecodable',
  (name) => {
    const headers = Object.fromEntries(Object.entries(raw(FULL).headers).filter(([header]) => header !== name));
    expect(() => parseRecord({ ...raw(FULL), headers })).toThrow(UNDECODABLE);
  },
);
test.each([
  ['of another format', withLf({ v: 2 })],
  ['whose key is of another stream', { ...raw(FULL), key: 'acme/orders.order-o-2' }],
  ['whose key lacks its tenant', { ...raw(FULL), key: 'orders.order-ö-1' }],
  ['without a key', { ...raw(FULL), key: null }],
  ['whose subject is of another stream', withLf({ key: 'o-2' })],
  ['that ended before it began', withLf({ began: 42 })],
  ['with a sequence of 0', withLf({ began: 0, sequence: 0 })],
  ['with half a sequence', withLf({ sequence: 41.5 })],
  ['with a position that is no decimal', withLf({ position: '0x10' })],
  ['with a position that no log has', withLf({ position: String(2n ** 63n) })],
  ['with a category that cannot be', withLf({ category: '' })],
  ['with an effective time that is none', withLf({ effective: 'yesterday' })],
  ['whose lf is no JSON', { ...raw(FULL), headers: { ...raw(FULL).headers, lf: '{' } }],
  ['whose lf is null', { ...raw(FULL), headers: { ...raw(FULL).headers, lf: 'null' } }],
  ['whose time is none', { ...raw(FULL), headers: { ...raw(FULL).headers, ce_time: 'noon' } }],
  ['of CloudEvents 2.0', { ...raw(FULL), headers: { ...raw(FULL).headers, ce_specversion: '2.0' } }],
  ['without headers, as any producer writes it', { key: 'k', value: VALUE, headers: {} }],
  ['whose value is empty, which would be a tombstone', { ...raw(FULL), value: new Uint8Array() }],
  ['without a value', { ...raw(FULL), value: null }],
] satisfies [string, RawRecord][])('a record %s is undecodable', (_, record) => {
  expect(() => parseRecord(record)).toThrow(UNDECODABLE);
});

test('what a parser says of a header, which quotes it, is not handed on', () => {
  const headers = { ...raw(FULL).headers, lf: 'the secret' };
  const said = ((): unknown => {
    try {
      return parseRecord({ ...raw(FULL), headers });
    } catch (error) {
      return error;
    }
  })();
  expect(said).toMatchObject({ code: 'LF_RECORD_UNDECODABLE' });
  expect(inspect(said)).not.toContain('secret');
});

test('whatever the texts, a record is read back as it was written', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((of) => !/\p{Cc}/u.test(of))
    .map((of) => of.normalize('NFC'));
  const name = fc.stringMatching(/^x[-a-zA-Z0-9_.]{0,9}$/);
  fc.assert(
    fc.property(
      text,
      text,
      text.filter((of) => !of.includes('/')),
      text,
      fc.dictionary(name, text),
      fc.bigInt(1n, 2n ** 63n - 1n),
      (category, key, tenant, actor, headers, position) => {
        const { id: stream } = streamRef(category, key, tenant);
        const own = Object.keys(headers).length > 0 && { headers };
        const of = event(
          { category, key, tenant, stream, position: position as LogPosition },
          { tenant, actor, ...own },
        );
        expect(parseRecord(raw(of)).envelope).toEqual(of);
      },
    ),
  );
});
