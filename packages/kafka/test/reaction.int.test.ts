import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow, reaction, relay, replay, type Running } from '@leftfold/subscriptions';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { groupsReady, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

beforeAll(groupsReady);

const shipped = event('tests.parcel.shipped', { nth: t.int() });
const PARCELS = ['a', 'b', 'c', 'd', 'e', 'f'];
const EACH = 5;

test.each(['kafkajs', 'platformatic'] as const)(
  'over %s effects come once in calm, in the order of their streams, and again from where it stands after a stop',
  async (client) => {
    const options = newTopic(3, { client });
    const storage = memory({ topic: () => options.topic });
    const broker = kafka(options);
    const running: Running[] = [];
    onTestFinished(async () => void (await Promise.all(running.map((one) => one.stop()))));
    const ship = async (from: number): Promise<void> => {
      for (let nth = from; nth < from + EACH; nth++)
        await storage.store.append(
          PARCELS.map((id) => ({
            stream: streamRef('tests.parcel', id),
            expect: 'any',
            events: [encodeEvent(shipped, shipped({ nth }), uuidV7() as EventId, { correlationId: 'c' })],
          })),
        );
    };
    const told: { readonly parcel: string; readonly nth: number; readonly key: string }[] = [];
    let failures = 2;
    const notice = reaction('notice', {
      replay: 'skip',
      from: 'start',
      recovery: { live: { kind: 'retry', times: 5, backoffMs: 10, then: { kind: 'park' } } },
    }).on(shipped, async ({ stream, data }, { idempotencyKey }) => {
      if (stream.key === 'a' && data.nth === 1 && failures-- > 0) throw new Error('the server is away');
      told.push({ parcel: stream.key, nth: data.nth, key: idempotencyKey });
    });
    const noticing = async (): Promise<Running> => {
      const started = await follow(notice, { from: broker.source, storage });
      running.push(started);
      return started;
    };
    running.push(await relay({ storage, to: broker, service: 'tests' }));
    const first = await noticing();
    await ship(1);
    await until('the first effects', () => told.length >= PARCELS.length * EACH);
    await first.stop();
    await ship(1 + EACH);
    await noticing();
    await until('the later effects', () => told.length >= PARCELS.length * EACH * 2);
    for (const parcel of PARCELS)
      expect(told.filter((one) => one.parcel === parcel).map(({ nth }) => nth)).toEqual(
        Array.from({ length: EACH * 2 }, (_, nth) => nth + 1),
      );
    expect(new Set(told.map(({ key }) => key)).size).toBe(told.length);
  },
);

test.each(['kafkajs', 'platformatic'] as const)(
  'C9 over %s a reaction that is sent back while it follows begins its replay by itself, and goes on',
  async (client) => {
    const options = newTopic(3, { client });
    const storage = memory({ topic: () => options.topic });
    const broker = kafka(options);
    const running: Running[] = [];
    onTestFinished(async () => void (await Promise.all(running.map((one) => one.stop()))));
    const ship = (nth: number): Promise<unknown> =>
      storage.store.append(
        PARCELS.map((id) => ({
          stream: streamRef('tests.parcel', id),
          expect: 'any',
          events: [encodeEvent(shipped, shipped({ nth }), uuidV7() as EventId, { correlationId: 'c' })],
        })),
      );
    const told: { readonly parcel: string; readonly nth: number; readonly replaying: boolean }[] = [];
    const notice = reaction('notice', { replay: 'run', from: 'start' }).on(
      shipped,
      async ({ stream, data }, { replaying }) => void told.push({ parcel: stream.key, nth: data.nth, replaying }),
    );
    running.push(await relay({ storage, to: broker, service: 'tests' }));
    const following = await follow(notice, { from: broker.source, storage });
    running.push(following);
    await ship(1);
    await until('the first effects', () => told.length >= PARCELS.length);
    await following.caughtUp();
    await replay(notice, { from: broker.source, storage, as: 'run' });
    await until('their replay', () => told.length >= PARCELS.length * 2);
    await ship(2);
    await until('what is new', () => told.length >= PARCELS.length * 3);
    for (const parcel of PARCELS)
      expect(told.filter((one) => one.parcel === parcel).map(({ nth, replaying }) => [nth, replaying])).toEqual([
        [1, false],
        [1, true],
        [2, false],
      ]);
  },
);
