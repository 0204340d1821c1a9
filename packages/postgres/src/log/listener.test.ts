import { eventually } from '@leftfold/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { PgClient } from '../pool.ts';
import { Announcer } from './announcer.ts';
import { Listener } from './listener.ts';
import { Wake } from './wake.ts';

const quiet = new Announcer({ query: async () => [] }, 'leftfold');

/** A reader that is told to stop before its listener has what it asks for. No clock helps it on. */
function stopped(connect: () => Promise<PgClient>, begun: () => boolean): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const read = Promise.withResolvers<void>();
  const reading = new Listener({ connect }, quiet, new Wake()).during(() => read.promise);
  return (async () => {
    await vi.waitUntil(begun, { timeout: 20_000 });
    read.resolve();
    await reading;
  })();
}

/** A client that answers nothing, and how it was given back. */
function mute(): { readonly client: PgClient; readonly asked: string[]; readonly released: unknown[] } {
  const [asked, released]: [string[], unknown[]] = [[], []];
  const client: PgClient = {
    query: ({ text }) => {
      asked.push(text);
      return new Promise(() => undefined);
    },
    on: () => undefined,
    removeListener: () => undefined,
    release: (destroy) => void released.push(destroy),
  };
  return { client, asked, released };
}

test('a pool that lends nothing holds nobody up who stops; what it lends later goes back to it', async () => {
  const lending = Promise.withResolvers<PgClient>();
  let asked = 0;
  await stopped(
    () => {
      asked += 1;
      return lending.promise;
    },
    () => asked === 1,
  );
  const { client, released } = mute();
  lending.resolve(client);
  vi.useRealTimers();
  await eventually(() => released.length === 1);
  expect(released).toEqual([false]);
});

test('a server that does not answer holds nobody up who stops; the connection is closed', async () => {
  const { client, asked, released } = mute();
  await stopped(
    async () => client,
    () => asked.length === 1,
  );
  expect(asked).toEqual(['listen leftfold']);
  expect(released).toEqual([true]);
});

test('a pool that its owner ends has the connection back before it is asked again whether it hears', async () => {
  const told: string[] = [];
  let notified: (message: { readonly payload?: string }) => void = () => undefined;
  const announcer = new Announcer(
    {
      query: async (_, [payload] = []) => {
        told.push(String(payload));
        notified({ payload: String(payload) });
        return [];
      },
    },
    'leftfold',
  );
  const released: unknown[] = [];
  const client: PgClient = {
    query: async () => ({ rows: [], rowCount: 0 }),
    on: (event: string, listener: (...args: never[]) => void) => {
      if (event === 'notification') notified = listener as typeof notified;
    },
    removeListener: () => undefined,
    release: (destroy) => void released.push(destroy),
  };
  const pool = { connect: async () => client, ending: false };
  const read = Promise.withResolvers<void>();
  const listener = new Listener(pool, announcer, new Wake());
  const reading = listener.during(() => read.promise);
  await eventually(() => listener.isHearing);
  pool.ending = true;
  await eventually(() => released.length === 1 && !listener.isHearing);
  expect(told).toHaveLength(1);
  read.resolve();
  await reading;
});
