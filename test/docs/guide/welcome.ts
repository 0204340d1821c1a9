import { reaction } from '@leftfold/subscriptions';
import { seatTaken } from './events.ts';

export interface Mailer {
  send(member: string, subject: string, idempotencyKey: string): Promise<void>;
}

export const welcome = (mailer: Mailer) =>
  reaction('welcome', { replay: 'skip' }).on(seatTaken, ({ data }, { idempotencyKey }) =>
    mailer.send(data.memberId, 'Your seat', idempotencyKey),
  );
