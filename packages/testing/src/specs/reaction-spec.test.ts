import { event, t } from '@leftfold/core';
import { park, reaction, retry, stop } from '@leftfold/subscriptions';
import type { Effect, RecoveryPolicy, ReplayPolicy } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { reactionSpec } from './reaction-spec.ts';
import { inStream } from './spec-records.ts';

const shipped = event('orders.order.shipped', { orderId: t.string(), to: t.string() });
const shippedNow = shipped.version(
  2,
  { orderId: t.string(), to: t.string(), by: t.string() },
  { up: (old) => ({ ...old, by: 'post' }) },
);
const refunded = event('orders.order.refunded', { cents: t.integer() });

/** A provider that does the same thing once, and keeps what it was asked. */
function shippingMail(replay: ReplayPolicy = 'skip', live: NonNullable<RecoveryPolicy['live']> = park()) {
  const asked: [string, string][] = [];
  const faults: Error[] = [];
  const send = async (what: string, { idempotencyKey }: Effect): Promise<void> => {
    asked.push([what, idempotencyKey]);
    const fault = faults.shift();
    if (fault) throw fault;
  };
  const mail = reaction('shipping-mail', { replay, recovery: { live } })
    .on(shippedNow, ({ data }, effect) => send(`${data.to} by ${data.by}`, effect))
    .on(refunded, ({ data }, effect) => send(`${data.cents}`, effect));
  return { mail, asked, faults };
}
const ann = shipped({ orderId: 'o1', to: 'ann' });
const bob = shippedNow({ orderId: 'o2', to: 'bob', by: 'bike' });

test('effects run in the order given, with the events as they are today, also of a reaction that begins from now', async () => {
  const { mail, asked } = shippingMail();
  await reactionSpec(mail)
    .given(ann, inStream('o1', refunded({ cents: 5 })))
    .given(bob)
    .thenRan([
      { type: 'orders.order.shipped', stream: 'o1', attempt: 1, replaying: false, failed: false },
      { type: 'orders.order.refunded', stream: 'o1' },
      { stream: 'o2' },
    ]);
  expect(asked.map(([what]) => what)).toEqual(['ann by post', '5', 'bob by bike']);
});
test('after a crash each is run once more, under its key', async () => {
  const { mail, asked } = shippingMail();
  await reactionSpec(mail)
    .given(ann, bob)
    .crashed()
    .thenRan([{ stream: 'o1' }, { stream: 'o1', attempt: 1 }, { stream: 'o2' }, { stream: 'o2' }]);
  expect(new Set(asked.map(([, key]) => key)).size).toBe(2);
});
test('what fails is tried again at once, and then parked with what comes after it in its stream', async () => {
  const { mail, faults } = shippingMail('skip', retry({ times: 1, backoffMs: 60_000, then: 'park' }));
  faults.push(new TypeError('no'), new TypeError('no'));
  await reactionSpec(mail)
    .given(ann, shipped({ orderId: 'o1', to: 'ann again' }), bob)
    .thenParked('TypeError', 'o1')
    .thenRan([
      { stream: 'o1', failed: true, attempt: 1 },
      { stream: 'o1', failed: true, attempt: 2 },
      { stream: 'o2', failed: false },
    ]);
});
test.each([
  ['skip', [{ replaying: false }]],
  ['run', [{ replaying: false }, { replaying: true }]],
  ['collect', [{ replaying: false }]],
] as const)("a replay does what was declared: '%s'", async (policy, runs) => {
  const { mail, asked } = shippingMail(policy);
  const checked = reactionSpec(mail).given(ann).replayed().thenRan(runs);
  await checked;
  if (policy === 'collect') await checked.thenParked('LF_REPLAY_COLLECTED', 'o1');
  expect(new Set(asked.map(([, key]) => key)).size).toBe(1);
  expect(asked).toHaveLength(runs.length);
});
test('a stop is told by its code', async () => {
  const { mail, faults } = shippingMail('skip', stop());
  faults.push(new TypeError('no'));
  await reactionSpec(mail).given(ann).thenFault('TypeError');
});
test('it fails where something else was done, and says what', async () => {
  const { mail, faults } = shippingMail();
  const given = reactionSpec(mail).given(ann);
  await expect(given.thenRan([])).rejects.toThrow('other effects were run');
  await expect(given.thenRan([{ stream: 'o2' }])).rejects.toThrow('o2');
  await expect(given.thenRan([{}, {}])).rejects.toThrow('other effects were run');
  await expect(given.thenParked('TypeError')).rejects.toThrow('parked none');
  await expect(given.thenFault('TypeError')).rejects.toThrow('made 1 attempts and went on');
  faults.push(new TypeError('no'));
  await expect(reactionSpec(mail).given(ann).thenRan([{}])).rejects.toThrow('it parked o1 with TypeError: no');
});
