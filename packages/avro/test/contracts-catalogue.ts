// A service with everything a contract can say: versions, a retired and a renamed type, private events, personal data at every depth.
import { aggregate, catalogue, event, t, type Catalogue } from '@leftfold/core';
import type { ContractsOptions } from '@leftfold/avro';

const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: t.enum('Currency', ['EUR', 'USD']) });
const personal = t.personal(t.string({ max: 200 }), { erasedAs: '(erased)' });
const Address = t.record('Address', { street: personal, country: t.string({ pattern: /[A-Z]{2}/ }) });

export const placed = event(
  'shop.order.placed',
  { orderId: t.uuid(), customer: t.string(), total: t.double() },
  { doc: 'A customer placed an order.', aliases: ['shop.order.created', 'shop.basket.ordered'] },
)
  .version(
    2,
    { orderId: t.uuid(), customerId: t.uuid(), total: Money },
    {
      up: ({ orderId, customer, total }) => ({
        orderId,
        customerId: customer,
        total: { cents: Math.round(total * 100), currency: 'EUR' as const },
      }),
      doc: 'A customer placed an order | the total is money.',
    },
  )
  .version(
    3,
    {
      orderId: t.uuid(),
      customerId: t.uuid(),
      total: Money,
      discount: t.withDefault(t.nullable(Money), null),
      tax: t.withDefault(t.decimal(9, 4), '0.1900'),
      at: t.timestampMillis(),
      due: t.nullable(t.date()),
      raw: t.bytes(),
      tags: t.array(t.string()),
      shipTo: t.nullable(Address),
      billTo: Address,
      people: t.array(t.record('Person', { email: personal, age: t.int({ min: 0, max: 150 }) })),
      contacts: t.map(personal),
      paidBy: t.union('kind', { card: { holder: personal, last4: t.string() }, 'bank-transfer': { iban: personal } }),
      note: t.withDefault(t.nullable(personal), null),
    },
    {
      up: (old) => ({
        ...old,
        discount: null,
        tax: '0' as const,
        at: new Date(0),
        due: null,
        raw: new Uint8Array(),
        tags: [],
        shipTo: null,
        billTo: { street: '', country: 'DE' },
        people: [],
        contacts: {},
        paidBy: { kind: 'card' as const, holder: '', last4: '' },
        note: null,
      }),
      subject: 'customerId',
    },
  );
const shipped = event('shop.order.shipped', { orderId: t.uuid(), carrier: t.string({ min: 1 }) });
const faxed = event('shop.order.faxed', { orderId: t.uuid() }, { retired: true, doc: 'Sent by fax.' });
const suspected = event('shop.order.suspected', { orderId: t.uuid(), score: t.double() }, { private: true });
export const invoiced = event('billing.invoice.sent', { invoiceId: t.uuid(), amount: Money });
const counted = event('stock.item.counted', { sku: t.string(), n: t.long() });

export const order = aggregate('shop.order', {
  events: { placed, shipped, faxed, suspected },
  initial: () => ({}),
  refusals: {},
}).evolve({ placed: (s) => s, shipped: (s) => s, faxed: (s) => s, suspected: (s) => s });
export const stock = aggregate('stock.item', { events: { counted }, initial: () => ({}), refusals: {} }).evolve({
  counted: (s) => s,
});

export const SHOP: Catalogue = catalogue(order, stock, invoiced);
export const OPTIONS: ContractsOptions = {
  service: 'shop',
  title: 'The shop',
  version: '1.4.0',
  description: 'Sells things.',
  topic: (category) => (category === 'stock.item' ? null : category),
  topics: [
    {
      name: 'shop.order',
      partitions: 6,
      replicationFactor: 3,
      config: { 'retention.ms': '-1', 'cleanup.policy': 'delete', 'min.insync.replicas': '2' },
    },
  ],
  servers: { production: { host: 'kafka.example:9092', registryUrl: 'https://registry.example' } },
};
