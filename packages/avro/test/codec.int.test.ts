import { randomUUID } from 'node:crypto';
import { SchemaRegistry as KafkaJsRegistry } from '@kafkajs/confluent-schema-registry';
import { avro, confluentRegistry } from '@leftfold/avro';
import { encodePayload, event, t, versionsOf } from '@leftfold/core';
import { expect, inject, test } from 'vitest';

const url = inject('registryUrl');
/** The registry is everybody's. */
const namespace = `codec${randomUUID().slice(0, 8)}.order`;
const [placed] = versionsOf(
  event(`${namespace}.placed`, {
    id: t.uuid(),
    quantity: t.int(),
    cents: t.integer(),
    weight: t.double(),
    gift: t.boolean(),
    currency: t.enum('Currency', ['EUR', 'USD']),
    note: t.nullable(t.string()),
    paid: t.nullable(t.union('by', { card: { last4: t.string() }, transfer: { iban: t.string() } })),
    lines: t.array(t.record('Line', { sku: t.string(), tags: t.map(t.array(t.string())) })),
  }),
);
if (placed === undefined) throw new Error('an event has a version');
const { writer, schema } = placed;
const value = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  quantity: -3,
  cents: 2 ** 40,
  weight: 0.1,
  gift: true,
  currency: 'USD',
  note: 'für Zoë 🦊',
  paid: { by: 'transfer', iban: 'DE' },
  lines: [
    { sku: 'a', tags: { '': [], ä: ['b', ''] } },
    { sku: 'b', tags: {} },
  ],
};
/** As that client has it: for it a variant is a record of some name, around which it puts that name once a union has two of them (hazard A3). */
const asTheirs = { ...value, paid: { [`${namespace}.ByTransfer`]: { iban: 'DE' } } };
const headers = { 'content-type': 'application/avro' };

test('records go both ways between this codec and @kafkajs/confluent-schema-registry, over one registry', async () => {
  const id = await confluentRegistry({ url }).register(`${namespace}.Placed`, JSON.stringify(writer.avro));
  const theirs = new KafkaJsRegistry({ host: url });
  const ours = avro({ registry: url });

  await ours.prepare({ writers: [writer] });
  const encoded = encodePayload(schema, value);
  if ('issues' in encoded) throw new Error(JSON.stringify(encoded.issues));
  const bytes = Buffer.from(ours.encode(encoded.text, writer));
  expect([bytes[0], bytes.readInt32BE(1)]).toEqual([0, id]);
  expect(JSON.parse(JSON.stringify(await theirs.decode(bytes)))).toEqual(asTheirs);

  const written = await theirs.encode(id, asTheirs);
  expect(written).toEqual(bytes);
  // A codec of its own, which has the schema from the registry alone.
  const reading = avro({ registry: url });
  const record = { value: written, headers };
  await reading.prepare({ records: [record] });
  expect(reading.decode(record, schema)).toEqual(value);
  expect(reading.decode(record, t.record('Placed', { cents: t.long(), gift: t.boolean() }))).toEqual({
    cents: 2n ** 40n,
    gift: true,
  });
});
