import { createRequire } from 'node:module';
import { Parser, type Diagnostic } from '@asyncapi/parser';
import { asyncApi } from '@leftfold/avro';
import { aggregate, catalogue, event, streamRef, t, versionsOf, type Catalogue, type Envelope } from '@leftfold/core';
import { formatRecord } from '@leftfold/subscriptions';
import avsc from 'avsc';
import { describe, expect, test } from 'vitest';
import { MEMBERS_OF_LF, RECORD_HEADERS } from '../src/contracts/record-headers.ts';
import { invoiced, OPTIONS, order, placed, SHOP, stock } from './contracts-catalogue.ts';

type Document = ReturnType<typeof JSON.parse>;
const document = (of: Catalogue = SHOP, options = OPTIONS): Document =>
  JSON.parse(JSON.stringify(asyncApi(of, options)));
/** What the official parser finds, each with its severity: 0 error, 1 warning, 2 information. */
const findings = async (of: Document): Promise<readonly Diagnostic[]> => new Parser().validate(JSON.stringify(of));
const messagesOf = (of: Document): Document => of['components']['messages'];

describe('the AsyncAPI document of a service', () => {
  test.each([
    ['Avro', OPTIONS],
    ['JSON', { ...OPTIONS, contentType: 'application/json' }],
    ['Avro, with no more said than must be', { service: 's', version: '1', topic: (category: string) => category }],
    ['no topic at all', { ...OPTIONS, topic: () => null }],
  ])('is valid to the official parser, which finds nothing to warn of: %s', async (_, options) => {
    const found = await findings(document(SHOP, options));
    expect(found.map(({ code }) => code)).toEqual(['asyncapi-latest-version']);
    expect(found[0]?.severity).toBe(2);
  });
  test('is read by the official parser as it is meant', async () => {
    const { document: read } = await new Parser().parse(JSON.stringify(document()));
    const channels = read?.channels().all() ?? [];
    expect(
      channels.map((channel) => [
        channel.address(),
        channel
          .messages()
          .all()
          .map((message) => message.id()),
      ]),
    ).toEqual([
      ['billing.invoice', ['billing.invoice.sent.v1']],
      [
        'shop.order',
        [
          'shop.order.faxed.v1',
          'shop.order.placed.v1',
          'shop.order.placed.v2',
          'shop.order.placed.v3',
          'shop.order.shipped.v1',
        ],
      ],
    ]);
    expect(
      read
        ?.operations()
        .all()
        .map((operation) => [operation.id(), operation.isSend()]),
    ).toEqual([
      ['send-billing.invoice', true],
      ['send-shop.order', true],
    ]);
    const message = channels[1]?.messages().get('shop.order.placed.v3');
    expect(message?.bindings().get('kafka')?.value()).toMatchObject({
      schemaIdLocation: 'payload',
      key: { type: 'string' },
    });
    expect(message?.headers()?.json()).toMatchObject({
      allOf: [{ required: expect.arrayContaining(['ce_id', 'lf']) }, {}],
    });
  });
  test.each<[string, (of: Document) => void]>([
    ['a record without fields', (of) => delete messagesOf(of)['shop.order.placed.v1'].payload.schema.fields],
    [
      'a reference to a message that is not there',
      (of) => (of['channels']['shop.order'].messages.x = { $ref: '#/components/messages/x' }),
    ],
    ['an operation of another kind', (of) => (of['operations']['send-shop.order'].action = 'publish')],
    [
      'a binding with a value that it does not know',
      (of) => (messagesOf(of)['shop.order.placed.v1'].bindings.kafka.schemaIdLocation = 'value'),
    ],
    ['a header of no JSON type', (of) => (of['components']['schemas'].lf.properties.v.type = 'integr')],
    ['a member that a message does not have', (of) => (messagesOf(of)['shop.order.placed.v1'].subject = 'customerId')],
    ['no version', (of) => delete of['info'].version],
  ])('would not be valid with %s', async (_, plant) => {
    const planted = document();
    plant(planted);
    expect((await findings(planted)).filter(({ severity }) => severity === 0)).not.toEqual([]);
  });
  test('is the same, byte by byte, in whatever order the definitions are listed', () => {
    const text = JSON.stringify(asyncApi(SHOP, OPTIONS));
    expect(JSON.stringify(asyncApi(SHOP, OPTIONS))).toBe(text);
    expect(JSON.stringify(asyncApi(catalogue(invoiced, stock, order), OPTIONS))).toBe(text);
  });
  test('holds the very Avro text that the registry holds, of every version', () => {
    for (const type of SHOP.events)
      for (const { version, writer } of versionsOf(type)) {
        const message = messagesOf(document())[`${type.type}.v${version}`];
        expect(message?.payload).toEqual(
          type.private || type.type === 'stock.item.counted'
            ? undefined
            : { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: writer.avro },
        );
        if (message !== undefined) expect(() => avsc.Type.forSchema(message.payload.schema)).not.toThrow();
      }
  });
  test('says nothing of private events, nor of categories without a topic', () => {
    expect(JSON.stringify(asyncApi(SHOP, OPTIONS))).not.toMatch(/suspected|stock/);
    expect(document(SHOP, { ...OPTIONS, topic: () => null })).toMatchObject({
      channels: {},
      operations: {},
      components: { messages: {} },
    });
  });
  test('leaves a user and a password out of the address of the registry', () => {
    const registryUrl = 'https://user:se,cr/et@registry.example/v7';
    const { servers } = document(SHOP, { ...OPTIONS, servers: { production: { host: 'kafka:9092', registryUrl } } });
    expect(servers.production.bindings.kafka.schemaRegistryUrl).toBe('https://registry.example/v7');
  });
  test('says of an event of two categories on both their topics, by one message', () => {
    const other = aggregate('shop.return', { events: { placed }, initial: () => ({}), refusals: {} }).evolve({
      placed: (s) => s,
    });
    const { channels } = document(catalogue(order, other));
    for (const topic of ['shop.order', 'shop.return'])
      expect(channels[topic].messages['shop.order.placed.v3']).toEqual({
        $ref: '#/components/messages/shop.order.placed.v3',
      });
    expect(channels['shop.return'].description).toContain('Public events of shop.return,');
    expect(Object.keys(channels['shop.return'].messages)).toHaveLength(3);
  });
  test('tells the latest version from earlier ones and from types that are written no more', () => {
    const status = Object.entries<Document>(messagesOf(document())).map(([id, message]) => [
      id,
      message['x-status'],
      message.deprecated,
    ]);
    expect(status).toEqual([
      ['billing.invoice.sent.v1', 'latest', undefined],
      ['shop.order.faxed.v1', 'retired', true],
      ['shop.order.placed.v1', 'earlier', undefined],
      ['shop.order.placed.v2', 'earlier', undefined],
      ['shop.order.placed.v3', 'latest', undefined],
      ['shop.order.shipped.v1', 'latest', undefined],
    ]);
  });
  test('says under which names records of a renamed type stand on the topic', () => {
    const message = messagesOf(document())['shop.order.placed.v2'];
    expect(message['x-aliases']).toEqual(['shop.basket.ordered', 'shop.order.created']);
    expect(message.headers.allOf[1].properties.ce_type.enum).toEqual([
      'shop.order.placed',
      'shop.basket.ordered',
      'shop.order.created',
    ]);
  });
  test('says of each personal field what is read once its subject is erased', () => {
    const { 'shop.order.placed.v3': latest, 'shop.order.placed.v2': before } = messagesOf(document());
    expect(latest['x-subject']).toBe('customerId');
    expect(latest['x-personal']).toEqual(
      [
        'shipTo.street',
        'billTo.street',
        'people[].email',
        'contacts{}',
        'paidBy(card).holder',
        'paidBy(bank-transfer).iban',
        'note',
      ].map((field) => ({ field, erasedAs: '(erased)' })),
    );
    expect(before).not.toHaveProperty('x-personal');
  });
  test('carries what is known of topics and servers', () => {
    const { channels, servers } = document();
    expect(channels['shop.order'].bindings.kafka).toMatchObject({
      partitions: 6,
      replicas: 3,
      topicConfiguration: { 'retention.ms': -1, 'cleanup.policy': ['delete'], 'min.insync.replicas': 2 },
    });
    expect(channels['billing.invoice'].bindings.kafka).not.toHaveProperty('partitions');
    expect(servers.production.bindings.kafka.schemaRegistryUrl).toBe('https://registry.example');
  });
  test('puts a type of two categories on the topics of both, and a message that is published alone where it is told', () => {
    const noted = event('a.b.noted', { text: t.string() });
    const loose = event('a.b.loose', {});
    const of: Catalogue = { events: [loose, noted], categories: new Map([['a.b.noted', ['x', 'y']]]) };
    const topics = (options: object): unknown =>
      Object.fromEntries(
        Object.entries(document(of, { ...OPTIONS, topic: (c) => c, ...options })['channels']).map(
          ([topic, channel]) => [topic, Object.keys((channel as Document)['messages'])],
        ),
      );
    expect(topics({})).toEqual({ 'a.b': ['a.b.loose.v1'], x: ['a.b.noted.v1'], y: ['a.b.noted.v1'] });
    expect(topics({ categories: { 'a.b.loose': ['x'] } })).toEqual({
      x: ['a.b.loose.v1', 'a.b.noted.v1'],
      y: ['a.b.noted.v1'],
    });
  });
});

describe('headers and values as contracts describe them', () => {
  const require = createRequire(createRequire(import.meta.url).resolve('@asyncapi/parser'));
  const { default: Ajv } = require('ajv');
  const { default: addFormats } = require('ajv-formats');
  const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
  const least: Envelope = {
    id: '0198a1b2-0000-7000-8000-00000000000a' as never,
    type: placed.type,
    version: 3,
    tenant: '',
    stream: streamRef('shop.order', 'o-1').id,
    category: 'shop.order',
    key: 'o-1',
    streamVersion: 3n as never,
    position: 9_007_199_254_740_993n as never,
    recordedAt: new Date('2026-01-02T03:04:05.678Z'),
    metadata: { correlationId: 'c-1' },
  };
  const most: Envelope = {
    ...least,
    tenant: 'acme',
    metadata: {
      correlationId: 'c-1',
      causationId: 'k-1',
      actor: 'u-1',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      effectiveAt: new Date('2026-01-01T00:00:00.000Z'),
    },
  };
  const written = (of: Envelope) =>
    formatRecord(of, {
      stamp: { log: '0198a1b2-0000-7000-8000-000000000001', generation: 2, began: 40, sequence: 41 },
      writer: { fingerprint: 'f'.repeat(64) },
      source: OPTIONS.service,
      contentType: 'application/avro',
    }).headers;
  const names = (fields: typeof MEMBERS_OF_LF, always: boolean): readonly string[] =>
    fields.filter((field) => !always || field.always).map(({ name }) => name);
  const schema = (name: string): Document => ({
    ...document()['components']['schemas'][name],
    components: document()['components'],
  });

  test.each([
    ['the least there is', least, true],
    ['all there is', most, false],
  ])('are those that a relay writes, name by name, in order: %s', (_, of, always) => {
    const headers = written(of);
    expect(Object.keys(headers)).toEqual(names(RECORD_HEADERS, always));
    expect(Object.keys(JSON.parse(headers['lf'] as string) as object)).toEqual(names(MEMBERS_OF_LF, always));
    expect(ajv.validate(schema('headers'), headers), ajv.errorsText()).toBe(true);
    expect(ajv.validate(schema('lf'), JSON.parse(headers['lf'] as string)), ajv.errorsText()).toBe(true);
  });
  test.each(RECORD_HEADERS.filter(({ always }) => always))('do not fit without $name', ({ name }) => {
    const headers = Object.fromEntries(Object.entries(written(most)).filter(([header]) => header !== name));
    expect(ajv.validate(schema('headers'), headers)).toBe(false);
  });
  test.each(['position', 'streamVersion', 'sequence', 'v', 'schema'])(
    'do not fit with another form of %s in lf',
    (name) => {
      const lf = JSON.parse(written(most)['lf'] as string) as object;
      expect(ajv.validate(schema('lf'), { ...lf, [name]: true })).toBe(false);
    },
  );
  test('stored JSON of an event fits what the contract of a JSON topic says', () => {
    const { schema: payload } = messagesOf(document(SHOP, { ...OPTIONS, contentType: 'application/json' }))[
      'shop.order.placed.v3'
    ].payload;
    const stored = t.toJson(versionsOf(placed)[2]!.schema, {
      orderId: '0198a1b2-0000-7000-8000-00000000000a',
      customerId: '0198a1b2-0000-7000-8000-00000000000b',
      total: { cents: 5, currency: 'EUR' },
      discount: { cents: 5, currency: 'EUR' },
      tax: '-0.19',
      at: new Date(0),
      due: '2026-01-02',
      raw: new Uint8Array([1, 2]),
      tags: ['a'],
      shipTo: null,
      billTo: { street: 'S', country: 'DE' },
      people: [{ email: 'a@b', age: 3 }],
      contacts: { a: 'b' },
      paidBy: { kind: 'card', holder: 'H', last4: '1234' },
      note: null,
    }) as object;
    expect(ajv.validate(payload, stored), ajv.errorsText()).toBe(true);
    // As records of an earlier revision stand on the topic, before these fields were there.
    const { discount, tax, note, ...earlier } = stored as { [name: string]: unknown };
    expect([discount, tax, note]).not.toContain(undefined);
    expect(ajv.validate(payload, earlier), ajv.errorsText()).toBe(true);
    expect(ajv.validate(payload, { ...earlier, orderId: undefined })).toBe(false);
    for (const wrong of [
      { at: 0 },
      { total: { cents: 5, currency: 'EUR' } },
      { tax: '0.19' },
      { paidBy: { kind: 'cash' } },
      { due: null, raw: [1] },
    ])
      expect(ajv.validate(payload, { ...stored, ...wrong })).toBe(false);
  });
});
