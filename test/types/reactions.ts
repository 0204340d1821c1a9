// Reactions: the corners that must compile, and the types they have.
import { event, t, type RecordedOf } from '@leftfold/core';
import { On, Reaction as ReactionClass } from '@leftfold/nestjs';
import {
  followReaction,
  reaction,
  replay,
  type Effect,
  type Reaction,
  type Running,
  type Source,
  type Storage,
} from '@leftfold/subscriptions';

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { differs: A; from: B };
const same = <A, B>(_: Same<A, B>): void => undefined;
declare const storage: Storage;
declare const source: Source;
declare const mailer: { send(to: string, key: string): Promise<{ readonly id: string }> };

const placed = event('shop.order.placed', { orderId: t.uuid(), to: t.string() });
const paid = event('shop.order.paid', { orderId: t.uuid(), cents: t.integer() });

/** The effect may answer anything: nobody looks at it. The event has the type of its own. */
const mail = reaction('mail', { replay: 'skip', from: 'now' })
  .on(placed, ({ data, stream }, { idempotencyKey }) => mailer.send(data.to, `${stream.key} ${idempotencyKey}`))
  .on(paid, async ({ data: { cents } }) => {
    same<typeof cents, number>(true);
  });
same<typeof mail, Reaction<'mail', typeof placed | typeof paid>>(true);
same<(typeof mail)['name'], 'mail'>(true);
export const running: Promise<Running> = followReaction(mail, { from: source, storage });
export const back = replay(mail, { from: source, storage, as: 'skip', since: new Date(0) });

@ReactionClass({ name: 'shipping-mail', replay: 'collect', from: 'start', timeoutMs: 5_000 })
export class ShippingMail {
  @On(placed)
  async send({ data }: RecordedOf<typeof placed>, { idempotencyKey, replaying, signal }: Effect): Promise<void> {
    if (!replaying && !signal.aborted) await mailer.send(data.to, idempotencyKey);
  }
  /** One method for two types, by what they share; parameters may be left out. */
  @On(placed)
  @On(paid)
  async count({ data }: RecordedOf<typeof placed> | RecordedOf<typeof paid>): Promise<string> {
    return data.orderId;
  }
  @On(paid)
  async bare(): Promise<void> {}
}
