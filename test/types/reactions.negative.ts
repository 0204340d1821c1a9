// Reactions: what the compiler catches. Each line below fails to compile without its directive.
import { event, t, type RecordedOf } from '@leftfold/core';
import { On, Reaction } from '@leftfold/nestjs';
import { reaction, replay, type Effect, type Source, type Storage } from '@leftfold/subscriptions';

declare const storage: Storage;
declare const source: Source;
const placed = event('shop.order.placed', { orderId: t.uuid(), to: t.string() });
const paid = event('shop.order.paid', { orderId: t.uuid(), cents: t.integer() });
const mail = reaction('mail', { replay: 'skip' });

// @ts-expect-error C9 what a replay does is not said
reaction('mail', {});
// @ts-expect-error C9 nothing is said at all
reaction('mail');
// @ts-expect-error C9 it is said with a word that is none
reaction('mail', { replay: 'maybe' });
// @ts-expect-error a beginning that is none
reaction('mail', { replay: 'skip', from: 'yesterday' });
// @ts-expect-error a limit that is no number
reaction('mail', { replay: 'skip', timeoutMs: '5s' });
// @ts-expect-error C9 a replay that does not say what it takes the effects for
void replay(mail, { from: source, storage });
// @ts-expect-error another event's field
mail.on(placed, async ({ data }) => void data.cents);
// @ts-expect-error an effect for another event
mail.on(paid, async (_: RecordedOf<typeof placed>) => undefined);
// @ts-expect-error an effect that is not awaited
mail.on(paid, () => undefined);
// @ts-expect-error what is handed in is read, not written
mail.on(paid, async (_, effect) => void (effect.replaying = true));

// @ts-expect-error C9 a class that does not say what a replay does
@Reaction({ name: 'undeclared' })
export class Undeclared {}

@Reaction({ name: 'mail', replay: 'skip' })
export class Mail {
  // @ts-expect-error the method's parameter is another event's
  @On(placed)
  async ofAnother({ data }: RecordedOf<typeof paid>): Promise<void> {
    void data.cents;
  }
  // @ts-expect-error the second parameter is the effect
  @On(placed)
  async withMore(_: RecordedOf<typeof placed>, _key: string): Promise<void> {}
  // @ts-expect-error it asks for more than it is given
  @On(placed)
  async withThree(_: RecordedOf<typeof placed>, _effect: Effect, _more: string): Promise<void> {}
  // @ts-expect-error nobody could wait for it
  @On(placed)
  notAwaited(_: RecordedOf<typeof placed>): void {}
}
