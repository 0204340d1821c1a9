import { encodePayload, event, t, versionsOf, type EncodedEvent } from '@leftfold/core';

const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: t.enum('Currency', ['EUR', 'USD', 'CHF']) });
const Line = t.record('Line', { sku: t.string({ max: 40 }), quantity: t.int({ min: 1 }), price: Money });

/** An event as services have them: ids, money, a list of records, a time, an optional text. */
const orderPlaced = event('bench.order.placed', {
  orderId: t.uuid(),
  customerId: t.uuid(),
  total: Money,
  lines: t.array(Line),
  placedAt: t.timestampMillis(),
  note: t.nullable(t.string()),
});
const [version] = versionsOf(orderPlaced);
if (version === undefined) throw new RangeError('an event type has a version');
/** What it is written with, and read by. */
export const { schema: orderSchema, writer: orderWriter } = version;

/** Different orders of three lines, as the log holds them. */
export function orderPayloads(count: number): readonly EncodedEvent['payload'][] {
  return Array.from({ length: count }, (_, nth) => {
    const id = nth.toString(16).padStart(12, '0');
    const encoded = encodePayload(orderSchema, {
      orderId: `01890a5d-ac96-774b-bcce-${id}`,
      customerId: `01890a5d-ac96-774b-8cce-${id}`,
      total: { cents: 1_000 + nth, currency: 'EUR' },
      lines: [1, 2, 3].map((quantity) => ({
        sku: `SKU-${nth}-${quantity}`,
        quantity,
        price: { cents: nth * quantity, currency: 'USD' },
      })),
      placedAt: new Date(1_763_800_000_000 + nth),
      note: nth % 2 === 0 ? null : 'ring twice, please',
    });
    if ('issues' in encoded)
      throw new RangeError(`the order does not fit its schema: ${JSON.stringify(encoded.issues)}`);
    return encoded.text;
  });
}
