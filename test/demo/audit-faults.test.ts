import { expect, test } from 'vitest';
import { faultsOfLog, faultsOfReadModels, faultsOfTopic } from './audit-faults.ts';
import type { LogEvent, Rows, TopicRecord } from './audit-faults.ts';
import type { Told } from './drive-orders.ts';

// Each fault is planted once in what is otherwise sound: an audit that cannot fail proves nothing.

const AT = new Date('2026-01-02T03:04:05.678Z');
const event = (order: string, version: number, type: string, payload: object): LogEvent => ({
  id: `${order}@${version}`,
  type: `orders.order.${type}`,
  stream: `orders.order-${order}`,
  version,
  recordedAt: AT,
  payload: { orderId: order, ...payload },
  bytes: 100,
});
const LOG = [
  event('a', 1, 'placed', { customerId: 'ann', total: { cents: '500', currency: 'EUR' } }),
  event('a', 2, 'payment-added', { customerId: 'ann', amount: { cents: '500' }, paidInFull: true, method: 'card' }),
  event('a', 3, 'shipped', { carrier: 'DHL' }),
  event('b', 1, 'placed', { customerId: 'ann', total: { cents: '700', currency: 'EUR' } }),
  event('b', 2, 'cancelled', { customerId: 'ann' }),
] as const;
const record = (of: LogEvent, sequence: number): TopicRecord => ({
  partition: 0,
  key: of.stream,
  id: of.id,
  type: of.type,
  sequence,
  version: of.version,
  value: JSON.stringify(of.payload),
  schema: 1,
  bytes: 40,
});
const TOPIC = LOG.map((of, index) => record(of, index + 1));
const [first, second, third, fourth, fifth] = TOPIC as [
  TopicRecord,
  TopicRecord,
  TopicRecord,
  TopicRecord,
  TopicRecord,
];
const ORDERS: Rows['orderSummary'] = [
  {
    order_id: 'a',
    status: 'shipped',
    paid_cents: '500',
    paid_by: 'card',
    customer_id: 'ann',
    total_cents: '500',
    currency: 'EUR',
    placed_at: AT,
    carrier: 'DHL',
  },
  {
    order_id: 'b',
    status: 'cancelled',
    paid_cents: '0',
    paid_by: null,
    customer_id: 'ann',
    total_cents: '700',
    currency: 'EUR',
    placed_at: AT,
    carrier: null,
  },
];
const TOTALS: Rows['customerTotals'] = [{ customer_id: 'ann', orders: 2, cancelled: 1, paid_cents: '500' }];
const TOLD: Told['orders'] = new Map([
  ['a', { status: 'shipped', paidCents: 500, customer: 'ann' }],
  ['b', { status: 'cancelled', paidCents: 0, customer: 'ann' }],
]);

test('what is sound has no faults, with records sent again, too', () => {
  expect(faultsOfLog(LOG)).toEqual([]);
  expect(faultsOfTopic(LOG, TOPIC)).toEqual([]);
  expect(faultsOfTopic(LOG, [first, second, first, second, third, fourth, fifth])).toEqual([]);
  expect(faultsOfReadModels(LOG, { orderSummary: ORDERS, customerTotals: TOTALS }, TOLD)).toEqual([]);
});

test.each<[string, readonly LogEvent[]]>([
  ['lost', LOG.filter(({ id }) => id !== 'a@2')],
  ['lost at the beginning', LOG.slice(1)],
  ['twice', [...LOG.slice(0, 2), LOG[1], ...LOG.slice(2)]],
  ['under the id of another', LOG.map((of) => ({ ...of, id: 'x' }))],
])('an event %s is a fault of the log', (_, log) => {
  expect(faultsOfLog(log)).not.toEqual([]);
});

test.each<[string, readonly TopicRecord[]]>([
  ['lost', [first, second, { ...fourth, sequence: 3 }, { ...fifth, sequence: 4 }]],
  ['lost at the end', TOPIC.slice(0, -1)],
  ['made up', [...TOPIC, { ...fifth, id: 'x', key: 'orders.order-x', version: 1, sequence: 6 }]],
  ['before the one it follows', [{ ...second, sequence: 1 }, { ...first, sequence: 2 }, third, fourth, fifth]],
  ['sent again under another number', [...TOPIC, { ...fifth, sequence: 6 }]],
  ['under the number of another', [first, { ...second, sequence: 1 }, third, fourth, fifth]],
  ['beyond a gap of the numbers', [first, second, third, fourth, { ...fifth, sequence: 6 }]],
  ['of another stream', [...TOPIC.slice(0, -1), { ...fifth, key: 'orders.order-x' }]],
  ['of another type', [...TOPIC.slice(0, -1), { ...fifth, type: 'orders.order.shipped' }]],
  ['with another payload', [...TOPIC.slice(0, -1), { ...fifth, value: '{"orderId":"b","customerId":"bob"}' }]],
])('an event %s is a fault of the topic', (_, records) => {
  expect(faultsOfTopic(LOG, records)).not.toEqual([]);
});

const [a, b] = ORDERS as [Rows['orderSummary'][number], Rows['orderSummary'][number]];
test.each<[string, Partial<Rows>]>([
  ['an order is missing', { orderSummary: [a] }],
  ['an order is made up', { orderSummary: [a, b, { ...b, order_id: 'x' }] }],
  ['a status is wrong', { orderSummary: [{ ...a, status: 'paid' }, b] }],
  ['a payment counts twice', { orderSummary: [{ ...a, paid_cents: '1000' }, b] }],
  ['a way of paying is wrong', { orderSummary: [{ ...a, paid_by: 'transfer' }, b] }],
  ['a total is wrong', { orderSummary: [{ ...a, total_cents: '501' }, b] }],
  ['a currency is wrong', { orderSummary: [{ ...a, currency: 'USD' }, b] }],
  ['a time is wrong', { orderSummary: [{ ...a, placed_at: new Date(0) }, b] }],
  ['a carrier is wrong', { orderSummary: [{ ...a, carrier: null }, b] }],
  ['a customer’s order counts twice', { customerTotals: TOTALS.map((row) => ({ ...row, orders: 3 })) }],
  ['a customer’s payment is lost', { customerTotals: TOTALS.map((row) => ({ ...row, paid_cents: '0' })) }],
])('%s: a fault of the read models', (_, rows) => {
  expect(faultsOfReadModels(LOG, { orderSummary: ORDERS, customerTotals: TOTALS, ...rows }, TOLD)).toHaveLength(1);
});

test.each<[string, Told['orders']]>([
  [
    'an order that a client knows is not there',
    new Map([...TOLD, ['x', { status: 'open', paidCents: 0, customer: 'ann' }]]),
  ],
  ['an order that no client knows is there', new Map([...TOLD].slice(1))],
  ['a client was told another state', new Map([...TOLD, ['a', { status: 'paid', paidCents: 500, customer: 'ann' }]])],
])('%s: a fault', (_, told) => {
  expect(faultsOfReadModels(LOG, { orderSummary: ORDERS, customerTotals: TOTALS }, told)).toHaveLength(1);
});
