import type { Envelope, EventId, LogPosition, StreamVersion } from '@leftfold/core';
import { streamRef } from '@leftfold/core';
import { expect, test } from 'vitest';
import { parseRecord } from './parse-record.ts';
import { formatRecord } from './record-format.ts';
import { markRecord } from './record-mark.ts';

const EVENT: Envelope = {
  id: '0198a1b2-0000-7000-8000-00000000000a' as EventId,
  type: 'orders.order.placed',
  version: 2,
  tenant: 'acme',
  stream: streamRef('orders.order', 'o-1', 'acme').id,
  category: 'orders.order',
  key: 'o-1',
  streamVersion: 3n as StreamVersion,
  position: 17n as LogPosition,
  recordedAt: new Date('2026-01-02T03:04:05.678Z'),
  metadata: { correlationId: 'c-1', tenant: 'acme', actor: 'somebody', headers: { large: 'x'.repeat(10_000) } },
};
const AT = {
  topic: 'orders.order',
  partition: 1,
  stamp: { log: 'log-1', generation: 2, began: 40, sequence: 41 },
  writer: { fingerprint: 'f' },
  source: 'orders',
};
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

test('R15 the small record: never to be changed, records of it are kept for ever', () => {
  const { key, value, headers, topic, partition } = markRecord(EVENT, AT, {
    kind: 'withheld',
    code: 'LF_RECORD_REFUSED',
  });
  expect([topic, partition, key, text(value)]).toEqual([
    'orders.order',
    1,
    'acme/orders.order-o-1',
    '{"withheld":"LF_RECORD_REFUSED"}',
  ]);
  expect(headers).toEqual({
    ce_specversion: '1.0',
    ce_id: EVENT.id,
    ce_source: 'orders',
    ce_type: 'orders.order.placed',
    ce_time: '2026-01-02T03:04:05.678Z',
    ce_subject: 'orders.order-o-1',
    'content-type': 'application/json',
    lf: '{"v":2,"log":"log-1","generation":2,"began":40,"sequence":41,"tenant":"acme","category":"orders.order","key":"o-1","streamVersion":"3","position":"17","eventVersion":2,"schema":"f","correlation":"c-1","withheld":"LF_RECORD_REFUSED"}',
  });
});
test.each([
  { kind: 'withheld', code: 'LF_EARLIER_WITHHELD' },
  { kind: 'given-up', reason: 'ticket 4711 "é🙂"' },
] as const)('R15 a record that is $kind is read back with its mark, and without what may be too large', (mark) => {
  const record = markRecord(EVENT, AT, mark);
  const parsed = parseRecord(record);
  expect(parsed).toMatchObject({ mark, stamp: AT.stamp, contentType: 'application/json' });
  expect(parsed.envelope).toEqual({ ...EVENT, metadata: { correlationId: 'c-1', tenant: 'acme' } });
  expect(JSON.stringify(record).length).toBeLessThan(2_000);
});
test('R15 a redriven event is an event in version 1, and says that it was withheld', () => {
  const frame = { ...AT, contentType: 'application/json', mark: { kind: 'redriven' } } as const;
  const record = { value: new Uint8Array([1]), ...formatRecord(EVENT, frame) };
  expect(record.headers['lf']).toMatch(/^\{"v":1,.*"redriven":true\}$/);
  expect(parseRecord(record)).toMatchObject({ mark: { kind: 'redriven' }, envelope: EVENT });
});
test.each([{ withheld: undefined }, { withheld: '' }, { withheld: 1 }, { withheld: undefined, givenUp: '' }])(
  'a record of version 2 with %o is undecodable',
  (more) => {
    const record = markRecord(EVENT, AT, { kind: 'withheld', code: 'LF_RECORD_REFUSED' });
    const lf = JSON.stringify({ ...(JSON.parse(record.headers['lf'] ?? '') as object), ...more });
    expect(() => parseRecord({ ...record, headers: { ...record.headers, lf } })).toThrow(
      expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE' }),
    );
  },
);
