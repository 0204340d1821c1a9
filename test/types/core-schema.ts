// Schemas and events: the corners that must compile, and the types they have.
import { event, t, type DataOf, type EventOf, type NewEvent, type RecordedOf } from '@leftfold/core';

/** Compiles only when both types are the same, `readonly` and `null` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { differs: A; from: B };
const same = <A, B>(_: Same<A, B>): void => undefined;

// One memory type per schema, and the two others
const Currency = t.enum('Currency', ['EUR', 'USD']);
const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: Currency });
const Everything = t.record('Everything', {
  n: t.integer({ min: 0, max: 9 }),
  i: t.int({ min: 0 }),
  big: t.long(),
  raw: t.bytes(),
  at: t.timestampMillis(),
  day: t.date(),
  rate: t.decimal(9, 2),
  who: t.nullable(t.personal(t.string({ max: 9 }), { erasedAs: '' })),
  sums: t.array(Money),
  notes: t.map(t.long()),
});
type Memory = {
  readonly n: number;
  readonly i: number;
  readonly big: bigint;
  readonly raw: Uint8Array;
  readonly at: Date;
  readonly day: t.Day;
  readonly rate: `${number}`;
  readonly who: string | null;
  readonly sums: readonly { readonly cents: number; readonly currency: 'EUR' | 'USD' }[];
  readonly notes: { readonly [key: string]: bigint };
};
same<t.Of<typeof Everything>, Memory>(true);
same<
  t.JsonOf<typeof Everything>,
  {
    readonly n: `${bigint}`;
    readonly i: number;
    readonly big: `${bigint}`;
    readonly raw: string;
    readonly at: string;
    readonly day: t.Day;
    readonly rate: `${number}`;
    readonly who: string | null;
    readonly sums: readonly { readonly cents: `${bigint}`; readonly currency: 'EUR' | 'USD' }[];
    readonly notes: { readonly [key: string]: `${bigint}` };
  }
>(true);
const memory: Memory = {
  n: 1,
  i: 1,
  big: 1n,
  raw: new Uint8Array(),
  at: new Date(),
  day: '2026-11-22',
  rate: '0.10',
  who: null,
  sums: [{ cents: 1, currency: 'EUR' }],
  notes: { a: 1n },
};
t.toJson(Everything, memory) satisfies t.JsonOf<typeof Everything>;
memory satisfies t.InputOf<typeof Everything>;
t.toJson(Everything, memory) satisfies t.InputOf<typeof Everything>;
({ ...memory, big: 7, raw: 'AA==', at: '2026-11-22T00:00:00Z' }) satisfies t.InputOf<typeof Everything>; // as JSON.parse gives it
({ ...memory, n: '1', big: '1' }) satisfies t.InputOf<typeof Everything>; // any mixture

// Standard Schema: issues or the memory form
const checked = Money['~standard'].validate(JSON.parse('{"cents":5,"currency":"EUR"}'));
if ('value' in checked) checked.value.cents satisfies number;
else checked.issues[0]?.path satisfies readonly PropertyKey[] | undefined;
Money.avro satisfies t.Json;

// Defaults change no type; nullable adds null once
const note = t.withDefault(t.nullable(t.nullable(t.string())), null);
same<t.Of<typeof note>, string | null>(true);
same<t.InputOf<typeof note>, string | null>(true);

// A union is discriminated
const Means = t.union('kind', { card: { last4: t.string() }, transfer: { iban: t.string(), at: t.date() } });
const ibanOf = (means: t.Of<typeof Means>): string => (means.kind === 'transfer' ? means.iban : means.last4);
ibanOf({ kind: 'transfer', iban: 'x', at: '2026-11-22' });

// Events: nothing optional given, one of each, versions, subjects
const opened = event('a.b.opened', {});
same<DataOf<typeof opened>, {}>(true);
opened({});
const paid = event('a.b.paid', {
  by: Means,
  rate: t.decimal(9, 4),
  meta: t.map(t.long()),
  since: t.withDefault(t.date(), '2026-01-01'),
});
paid({ by: { kind: 'card', last4: '1' }, rate: '0.0825', meta: { a: 1n }, since: '2026-01-02' });

const placed = event('orders.order.placed', { orderId: t.uuid(), customerId: t.uuid(), total: t.double() }).version(
  2,
  {
    orderId: t.uuid(),
    customerId: t.uuid(),
    total: Money,
    shipTo: t.personal(t.string(), { erasedAs: '[erased]' }),
    contact: t.array(t.record('Contact', { email: t.personal(t.string(), { erasedAs: '' }) })),
  },
  {
    up: ({ total, ...order }) => ({
      ...order,
      total: { cents: Math.round(total * 100), currency: 'EUR' },
      shipTo: '[unknown]',
      contact: [],
    }),
    down: ({ orderId, customerId, total }) => ({ orderId, customerId, total: total.cents / 100 }),
    subject: 'customerId',
    doc: 'An order came in',
  },
);
same<typeof placed.type, 'orders.order.placed'>(true);
same<typeof placed.latest, 2>(true);
same<typeof placed.personal, readonly ('shipTo' | 'contact')[]>(true);
placed.at(1, { orderId: '', customerId: '', total: 1 }) satisfies NewEvent<'orders.order.placed', 1>;
const placedNow = placed({
  orderId: '',
  customerId: '',
  total: { cents: 1, currency: 'EUR' },
  shipTo: '',
  contact: [{ email: '' }],
});
placedNow satisfies EventOf<typeof placed>;
same<(typeof placedNow)['version'], 2>(true);
export const reads = (recorded: RecordedOf<typeof placed>): number => recorded.data.total.cents;
export const narrows = (other: NewEvent): number => (placed.is(other) ? other.data.total.cents : 0);

// The privacy is of the type; a subject may be named without personal data
event('users.user.renamed', { userId: t.uuid() }, { subject: 'userId', private: true }).private satisfies boolean;

// Thirty-two versions, each from the one before
const counted = event('a.b.counted', { n: t.int() })
  .version(2, { m: t.int() }, { up: ({ n }) => ({ m: n }) })
  .version(3, { n: t.int() }, { up: ({ m }) => ({ n: m }), down: ({ n }) => ({ m: n }) });
counted.at(2, { m: 1 });
same<typeof counted.latest, 3>(true);
same<DataOf<typeof counted>, { readonly n: number }>(true);
