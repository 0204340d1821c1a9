import { describe, expect, test } from 'vitest';
import { event, t, versionsOf, type NewEvent } from './index.ts';

const up = ({ total, ...order }: { readonly id: string; readonly total: number }) => ({
  ...order,
  cents: total * 100,
  name: 'unknown',
});
const down = ({ id, cents }: { readonly id: string; readonly cents: number }) => ({ id, total: cents / 100 });
const first = event('orders.order.placed', { id: t.uuid(), total: t.double() }, { doc: 'An order came in' });
const placed = first.version(
  2,
  { id: t.uuid(), cents: t.integer(), name: t.personal(t.string(), { erasedAs: '' }) },
  { up, down, subject: 'id' },
);

describe('an event type', () => {
  test('is called to make an event of its latest version', () => {
    const data = { id: 'o-1', cents: 500, name: 'Ada' };
    expect(placed(data)).toEqual({ type: 'orders.order.placed', version: 2, data });
    expect(first({ id: 'o-1', total: 5 })).toEqual({
      type: 'orders.order.placed',
      version: 1,
      data: { id: 'o-1', total: 5 },
    });
  });
  test('makes events of older versions for tests and golden files', () => {
    expect(placed.at(1, { id: 'o-1', total: 5 })).toEqual(first({ id: 'o-1', total: 5 }));
  });
  test('recognises its events, whatever their version', () => {
    const others: NewEvent[] = [first({ id: 'o-1', total: 5 }), event('orders.order.paid', {})({})];
    expect(others.map((other) => placed.is(other))).toEqual([true, false]);
  });
  test('tells its name, latest version, privacy and the personal fields of the latest version', () => {
    expect({ ...placed }).toMatchObject({ type: 'orders.order.placed', latest: 2, private: false, personal: ['name'] });
    expect({ ...first }).toMatchObject({ latest: 1, personal: [] });
    const hidden = event('a.b', {}, { private: true });
    expect(hidden.private).toBe(true);
    expect(hidden.version(2, {}, { up: () => ({}) }).private).toBe(true);
  });
  test('finds personal data at any depth', () => {
    const secret = t.personal(t.string(), { erasedAs: '' });
    const type = event(
      'a.b',
      {
        id: t.string(),
        plain: t.array(t.string()),
        one: t.nullable(t.array(t.map(t.record('Person', { name: secret })))),
        two: t.union('kind', { a: {}, b: { name: secret } }),
        three: t.withDefault(secret, ''),
      },
      { subject: 'id' },
    );
    expect(type.personal).toEqual(['one', 'two', 'three']);
  });
  test('does not change when a version is added, nor otherwise', () => {
    expect(first.latest).toBe(1);
    expect(versionsOf(first)).toHaveLength(1);
    expect(Object.isFrozen(placed) && Object.isFrozen(versionsOf(placed))).toBe(true);
  });
  test('does not check what it is called with; append does', () => {
    expect(() => first({ id: 'no uuid', total: NaN })).not.toThrow();
  });
  test('gives the framework its versions, each with schema, writer schema and upcaster', () => {
    expect(versionsOf(placed)).toMatchObject([
      { version: 1, personal: [], doc: 'An order came in' },
      { version: 2, personal: ['name'], subject: 'id', up, down },
    ]);
    expect(versionsOf(placed)[0]).not.toHaveProperty('up');
    expect(versionsOf(placed).every(({ schema, writer }) => schema.avro === writer.avro)).toBe(true);
    expect(versionsOf(placed).map(({ writer }) => writer)).toMatchObject([
      { type: 'orders.order.placed', version: 1, avro: { name: 'Placed', namespace: 'orders.order' } },
      { type: 'orders.order.placed', version: 2, avro: { name: 'PlacedV2', namespace: 'orders.order' } },
    ]);
  });
});
