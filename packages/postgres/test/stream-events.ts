import type { EventId, LogPosition, RecordedEvent, StreamId, StreamVersion } from '@leftfold/core';
import type { FoldEvent } from '@leftfold/subscriptions';

/** An event as a projection gets it. */
export function streamEvent(
  type: string,
  { key, version, data = {}, position = 1 }: { key: string; version: number; data?: unknown; position?: number },
): FoldEvent {
  const made: RecordedEvent = {
    type,
    version: 1,
    data,
    id: `00000000-0000-4000-8000-${String(position).padStart(12, '0')}` as EventId,
    stream: { id: `order-${key}` as StreamId, category: 'order', key, version: BigInt(version) as StreamVersion },
    position: BigInt(position) as LogPosition,
    recordedAt: new Date('2026-03-01T23:30:00.000Z'),
    metadata: { correlationId: 'c' },
    writtenVersion: 1,
  };
  return { tenant: '', event: made };
}

/** Events of one type: `a1 b1 a2` are the first of stream a, the first of b, the second of a. */
export const streamEvents = ({ type }: { readonly type: string }, text: string): readonly FoldEvent[] =>
  text
    .split(' ')
    .map((each, n) => streamEvent(type, { key: each.slice(0, 1), version: Number(each.slice(1)), position: n + 1 }));
