import { describe, expect, test } from 'vitest';
import { aggregate, aggregateRoot, catalogue, event, t, type CatalogueEntry } from './index.ts';

const placed = event('orders.order.placed', { id: t.string() }).version(2, { id: t.string() }, { up: (old) => old });
const paid = event('orders.order.paid', { id: t.string() });
const noted = event('audit.noted', {});
const order = aggregate('orders.order', { events: { placed, paid }, initial: () => 0 }).evolve({
  placed: (n) => n,
  paid: (n) => n,
});
const archive = aggregate('orders.archive', { events: { paid }, initial: () => 0 }).evolve({ paid: (n) => n });
class Order extends aggregateRoot(order) {}

describe('a catalogue', () => {
  test('has each type once, in order of their names, with the categories that have it', () => {
    const { events, categories } = catalogue(order, noted, archive, paid, Order, order.decide({}));
    expect(events).toEqual([noted, paid, placed]);
    expect([...categories]).toEqual([
      ['orders.order.placed', ['orders.order']],
      ['orders.order.paid', ['orders.order', 'orders.archive']],
    ]);
  });
  test('takes a root class for its aggregate', () => {
    expect(catalogue(Order).events).toEqual([paid, placed]);
  });
  test('lets parts of one name differ between events and versions, as a part cannot be renamed', () => {
    const sum = { sum: t.record('Money', { cents: t.integer() }) };
    const exact = { sum: t.record('Money', { amount: t.decimal(20, 4) }) };
    const billed = event('a.b.billed', sum).version(2, exact, { up: () => ({ sum: { amount: '0.0000' } }) });
    const refunded = event('a.b.refunded', sum);
    expect(catalogue(billed, refunded).events).toEqual([billed, refunded]);
  });
  test('may be empty', () => expect(catalogue().events).toEqual([]));
});

describe('a catalogue is refused', () => {
  const money = t.record('Paid', { cents: t.integer() });
  test.each<[string, () => readonly unknown[], string, RegExp]>([
    [
      'for two types of one name',
      () => [paid, event('orders.order.paid', {})],
      'LF_EVENT_NAME_DUPLICATE',
      /'orders\.order\.paid'/,
    ],
    [
      'for a type that is called as another was',
      () => [paid, event('orders.order.settled', {}, { aliases: ['orders.order.paid'] })],
      'LF_EVENT_NAME_DUPLICATE',
      /'orders\.order\.paid' is a name of orders\.order\.paid and of orders\.order\.settled/,
    ],
    [
      'for two types that were called the same',
      () => ['a.b.c', 'a.b.d'].map((name) => event(name, {}, { aliases: ['a.b.old'] })),
      'LF_EVENT_NAME_DUPLICATE',
      /'a\.b\.old'/,
    ],
    [
      'for a part that has the Avro name of another event',
      () => [paid, event('orders.order.placed', { sums: t.array(t.nullable(money)) })],
      'LF_SCHEMA_INVALID',
      /orders\.order\.placed, version 1: its part 'orders\.order\.Paid' has the Avro name of orders\.order\.paid, version 1/,
    ],
    [
      'for a part that has the Avro name of a later version',
      () => [event('a.b.done', { x: t.enum('DoneV2', ['y']) }).version(2, {}, { up: () => ({}) })],
      'LF_SCHEMA_INVALID',
      /a\.b\.done, version 1: its part 'a\.b\.DoneV2'/,
    ],
    [
      'for a part that has the Avro name of an event from before its rename',
      () => [event('orders.order.settled', { x: t.array(money) }, { aliases: ['orders.order.paid'] })],
      'LF_SCHEMA_INVALID',
      /orders\.order\.settled, version 1: its part 'orders\.order\.Paid' has the Avro name of orders\.order\.paid, version 1/,
    ],
    [
      'for what is nothing',
      () => [paid, undefined],
      'LF_SCHEMA_INVALID',
      /entry 2 of the catalogue .* two files import each other/,
    ],
    ...[null, { name: 'x' }, { category: 'x', events: null }, { category: 'x', events: { a: undefined } }].map(
      (entry): [string, () => readonly unknown[], string, RegExp] => [
        `for what is something else: ${JSON.stringify(entry)}`,
        () => [entry],
        'LF_SCHEMA_INVALID',
        /entry 1 of the catalogue/,
      ],
    ),
  ])('%s', (_, entries, code, message) => {
    expect(() => catalogue(...(entries() as CatalogueEntry[]))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }),
    );
  });
});
