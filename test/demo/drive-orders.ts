import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderLife } from './order-life.ts';

/** What clients were told. */
export interface Told {
  /** Per order that was placed: what its read model must say in the end. */
  readonly orders: Map<string, { readonly status: string; readonly paidCents: number; readonly customer: string }>;
  requests: number;
  refused: number;
  repeated: number;
  /** Requests that found no server and were sent again, with the same key. */
  sentAgain: number;
}
export const nothingTold = (): Told => ({ orders: new Map(), requests: 0, refused: 0, repeated: 0, sentAgain: 0 });

/** How often a request is sent again, a tenth of a second apart, before the server is given up. */
const TRIES = 600;

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly orderId?: string; readonly missingCents?: number };
}

/**
 * Lives one order over HTTP and notes what it was told. Every request has an idempotency key, so one whose answer was lost is sent again until there
 * is an answer.
 * @throws when the API answers other than the life expects
 */
async function liveOrder(api: () => string, life: OrderLife, told: Told): Promise<string | undefined> {
  const totalCents = life.lines.reduce((sum, [, quantity, cents]) => sum + quantity * cents, 0);
  let orderId: string | undefined;
  let paidCents = 0;
  let status = 'open';
  let repeat: () => Promise<Answer> = async () => ({ status: 0, body: {} });

  const ask = async (path: string, body: object): Promise<Answer> => {
    const key = randomUUID();
    const send = (): Promise<Answer> => post(api, path, body, key, told);
    const first = await send();
    repeat = async () => {
      const second = await send();
      if (JSON.stringify(second) !== JSON.stringify(first)) {
        throw new Error(
          `order ${life.order}: a repeated key was answered ${JSON.stringify(second)}, first ${JSON.stringify(first)}`,
        );
      }
      told.repeated += 1;
      return second;
    };
    return first;
  };
  const pay = async (share: number, currency: string): Promise<Answer> => {
    // Rounded up, so that shares of a hundred pay in full.
    const cents = Math.ceil((totalCents * share) / 100);
    const method = life.order % 3 === 0 ? 'transfer' : 'card';
    const payment = { paymentId: randomUUID(), amount: { cents, currency }, method };
    const answer = await ask(`/orders/${orderId}/payments`, payment);
    if (answer.status < 300) {
      paidCents += cents;
      if ((answer.body.missingCents ?? 1) <= 0) status = 'paid';
    }
    return answer;
  };
  const perform = async (step: string): Promise<void> => {
    const [what = '', expected] = step.split(' !');
    const answer = await act(what);
    const isRefused = answer.status >= 400;
    if (isRefused) told.refused += 1;
    if (isRefused !== (expected !== undefined) || (expected !== undefined && answer.body.code !== expected)) {
      throw new Error(`order ${life.order}, '${step}': answered ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  };
  const act = async (what: string): Promise<Answer> => {
    const [verb, amount] = what.split(' ');
    if (what.endsWith(' again')) return repeat();
    if (verb === 'place') {
      const lines = what.endsWith('without lines')
        ? []
        : life.lines.map(([sku, quantity, cents]) => ({ sku, quantity, price: { cents, currency: life.currency } }));
      const answer = await ask('/orders', { customerId: life.customer, lines, shipTo: life.shipTo });
      orderId = answer.body.orderId;
      return answer;
    }
    if (verb === 'pay') return pay(Number(amount), what.endsWith('in USD') ? 'USD' : life.currency);
    const isShipment = verb === 'ship';
    const answer = await ask(
      `/orders/${orderId}/${isShipment ? 'shipment' : 'cancellation'}`,
      isShipment ? { carrier: 'DHL' } : { reason: 'customer' },
    );
    if (answer.status < 300) status = isShipment ? 'shipped' : 'cancelled';
    return answer;
  };

  for (const step of life.steps) await Promise.all(step.split(' & ').map(perform));
  if (orderId !== undefined) told.orders.set(orderId, { status, paidCents, customer: life.customer });
  return orderId;
}

async function post(api: () => string, path: string, body: object, key: string, told: Told): Promise<Answer> {
  told.requests += 1;
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(`${api()}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (response.status !== 503 || attempt > TRIES)
        return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
    } catch (error) {
      if (attempt > TRIES) throw error;
    }
    told.sentAgain += 1;
    await sleep(100);
  }
}

/** Lives all orders, `concurrency` at a time; `progress` is called after each. */
export async function liveOrders(
  api: () => string,
  lives: readonly OrderLife[],
  concurrency: number,
  told: Told,
  progress: (done: number, orderId: string | undefined) => void,
): Promise<void> {
  const queue = lives.values();
  let done = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const life of queue) progress(++done, await liveOrder(api, life, told));
    }),
  );
}
