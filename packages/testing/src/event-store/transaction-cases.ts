import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvents, newStream, readIds } from './encoded-events.ts';
import type { OpenStore, RunTransaction } from './event-store-conformance.ts';
import { holderOf } from './unique-key-cases.ts';

/** `within(tx)`: inside a transaction of the caller's. */
export const transactionCases = (open: OpenStore, transaction: RunTransaction): readonly ConformanceCase[] => [
  {
    title: 'within a transaction, what is appended is seen inside it at once and outside only after the commit',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
      await transaction(async (inside) => {
        const outcome = await inside.append([{ stream, expect: 'absent', events: newEvents(2) }], { reply });
        assert.equal(outcome.kind, 'appended');
        assert.equal((await readIds(inside, stream)).length, 2);
        assert.equal((await inside.reply(reply))?.reply, '1');
        assert.deepEqual(await readIds(store, stream), [], 'before the commit');
      });
      assert.equal((await readIds(store, stream)).length, 2);
      assert.deepEqual((await store.reply(reply))?.versions, [2n]);
    },
  },
  {
    title: 'L12 several appends in one transaction go on from each other',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const events = newEvents(6);
      await transaction(async (inside) => {
        for (let from = 0; from < 6; from += 2) {
          const append = { stream, expect: BigInt(from) as StreamVersion, events: events.slice(from, from + 2) };
          assert.deepEqual('versions' in (await inside.append([append])), true);
        }
      });
      assert.deepEqual(
        await readIds(store, stream),
        events.map(({ id }) => id),
      );
    },
  },
  {
    title: 'rolling back takes back the events and the reply, and frees the event ids',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const events = newEvents(2);
      const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
      const reason = new Error('rolled back');
      const rolledBack = transaction(async (inside) => {
        await inside.append([{ stream, expect: 'absent', events }], { reply });
        throw reason;
      });
      await assert.rejects(rolledBack, (error) => error === reason);
      assert.deepEqual(await readIds(store, stream), []);
      assert.equal(await store.reply(reply), undefined);
      const again = await store.append([{ stream, expect: 'absent', events }], { reply });
      assert.equal(again.kind, 'appended');
    },
  },
  {
    title: 'a conflict is LF_CONFLICT, and does not abort the transaction: what else it does is committed',
    run: async () => {
      const store = await open();
      const [taken, before, after] = [newStream(), newStream(), newStream()];
      await store.append([{ stream: taken, expect: 'absent', events: newEvents(1) }]);
      await transaction(async (inside) => {
        await inside.append([{ stream: before, expect: 'absent', events: newEvents(1) }]);
        for (const expect of ['absent', 0n as StreamVersion, 9n as StreamVersion] as const) {
          const refused = { stream: taken, expect, events: newEvents(1) };
          const conflict = { code: 'LF_CONFLICT', stream: taken.id, actual: 1n };
          await assert.rejects(inside.append([refused]), conflict);
          const both = inside.append([{ stream: after, expect: 'any', events: newEvents(1) }, refused]);
          await assert.rejects(both, conflict);
        }
        assert.deepEqual(await readIds(inside, after), [], 'all or nothing holds inside, too');
        await inside.append([{ stream: after, expect: 'absent', events: newEvents(1) }]);
      });
      const lengths = await Promise.all(
        [taken, before, after].map(async (stream) => (await readIds(store, stream)).length),
      );
      assert.deepEqual(lengths, [1, 1, 1]);
    },
  },
  {
    title: 'a key that is taken is LF_UNIQUE_KEY_TAKEN, and does not abort the transaction',
    run: async () => {
      const store = await open();
      const [holder, stream] = [newStream(), newStream()];
      const [key, free] = ['a', 'b'].map((part) => ['conformance', `${part}${uuidV7()}`] as const);
      assert.ok(key && free);
      await store.append([], { keys: [{ stream: holder, change: 'reserve', key }] });
      await transaction(async (inside) => {
        const events = newEvents(1);
        const append = { stream, expect: 'absent' as const, events };
        const taken = inside.append([append], {
          keys: [key, free].map((each) => ({ stream, change: 'reserve' as const, key: each })),
        });
        await assert.rejects(taken, { code: 'LF_UNIQUE_KEY_TAKEN', key, by: holder.id, retryable: false });
        assert.deepEqual(await readIds(inside, stream), []);
        const outcome = await inside.append([append], { keys: [{ stream, change: 'reserve', key: free }] });
        assert.equal(outcome.kind, 'appended');
      });
      assert.equal((await readIds(store, stream)).length, 1);
      assert.equal(await holderOf(store, free), stream.id);
    },
  },
  {
    title: 'a repeated event id is appended already, or LF_EVENT_ID_REUSED, and aborts nothing',
    run: async () => {
      const store = await open();
      const [stream, other, new_] = [newStream(), newStream(), newStream()];
      const events = newEvents(2);
      const first = await store.append([{ stream, expect: 'absent', events }]);
      await transaction(async (inside) => {
        for (const expect of ['absent', 'any'] as const) {
          assert.deepEqual(await inside.append([{ stream, expect, events }]), { ...first, already: true });
          await assert.rejects(inside.append([{ stream: other, expect, events }]), { code: 'LF_EVENT_ID_REUSED' });
        }
        const own = newEvents(1);
        await inside.append([{ stream: new_, expect: 'absent', events: own }]);
        const again = await inside.append([{ stream: new_, expect: 'absent', events: own }]);
        assert.ok(again.kind === 'appended' && again.already, 'one of this very transaction');
      });
      const lengths = await Promise.all([stream, other, new_].map(async (each) => (await readIds(store, each)).length));
      assert.deepEqual(lengths, [2, 0, 1]);
    },
  },
  {
    title: 'rolling back gives the keys back',
    run: async () => {
      const store = await open();
      const [stream, key] = [newStream(), ['conformance', uuidV7()] as const];
      const reason = new Error('rolled back');
      const rolledBack = transaction(async (inside) => {
        await inside.append([], { keys: [{ stream, change: 'reserve', key }] });
        throw reason;
      });
      await assert.rejects(rolledBack, (error) => error === reason);
      assert.equal(await holderOf(store, key), undefined);
    },
  },
  {
    title: 'a key answered before is replied inside a transaction without aborting it',
    run: async () => {
      const store = await open();
      const stream = newStream();
      const reply = { tenant: '', key: uuidV7(), requestHash: 'h', reply: '1', keepMs: 60_000 };
      await store.append([], { reply });
      await transaction(async (inside) => {
        const again = await inside.append([{ stream, expect: 'any', events: newEvents(1) }], { reply });
        assert.equal(again.kind, 'replied');
        await inside.append([{ stream, expect: 'absent', events: newEvents(2) }]);
      });
      assert.equal((await readIds(store, stream)).length, 2);
    },
  },
];
