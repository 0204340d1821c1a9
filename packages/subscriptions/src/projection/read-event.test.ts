import { event, t, type EventId, type LogPosition, type StreamId, type StreamVersion } from '@leftfold/core';
import { expect, test } from 'vitest';
import type { SourceRecord } from '../source.ts';
import { readEvent } from './read-event.ts';

const packed = event('tests.parcel.packed', {
  lines: t.array(t.record('Line', { sku: t.string() })),
});

function recordOf(): { readonly record: SourceRecord; readonly decoded: () => number } {
  let decoded = 0;
  const record: SourceRecord = {
    id: '01' as EventId,
    type: 'tests.parcel.packed',
    version: 1,
    tenant: '',
    stream: 'tests.parcel-1' as StreamId,
    category: 'tests.parcel',
    key: '1',
    streamVersion: 1n as StreamVersion,
    position: 1n as LogPosition,
    recordedAt: new Date(0),
    metadata: { correlationId: 'test' },
    keep: () => {
      throw new Error('not kept here');
    },
    decode: () => {
      decoded += 1;
      return { lines: [{ sku: 'a' }] };
    },
  };
  return { record, decoded: () => decoded };
}

test('a record is decoded once, for all who read it as one type', () => {
  const { record, decoded } = recordOf();
  const first = readEvent(packed, record);
  expect(readEvent(packed, record)).toBe(first);
  expect(decoded()).toBe(1);
  readEvent(event('tests.parcel.packed', { lines: t.array(t.record('Line', { sku: t.string() })) }), record);
  expect(decoded()).toBe(2);
});
test('what many are given nobody can change: the payload is frozen all through', () => {
  const { data } = readEvent(packed, recordOf().record) as { readonly data: { readonly lines: { sku: string }[] } };
  const [line] = data.lines;
  expect(() => data.lines.push({ sku: 'b' })).toThrow(TypeError);
  expect(() => Object.assign(line as object, { sku: 'b' })).toThrow(TypeError);
});
