// Schemas from and for others: t.avsc, t.jsonSchema, Standard Schema; former names and retirement of event types.
import { event, t, type DataOf } from '@leftfold/core';
import { Body } from '@nestjs/common';

/** Compiles only when both types are the same, `readonly` and `null` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { differs: A; from: B };
const same = <A, B>(_: Same<A, B>): void => undefined;

// An Avro literal: every type, in its three forms
const Everything = t.avsc({
  type: 'record',
  name: 'Everything',
  fields: [
    { name: 'flag', type: 'boolean' },
    { name: 'small', type: 'int' },
    { name: 'big', type: 'long' },
    { name: 'rate', type: 'double' },
    { name: 'text', type: 'string' },
    { name: 'raw', type: 'bytes' },
    { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'sum', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'currency', type: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'], default: 'EUR' } },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Line', fields: [{ name: 'sku', type: 'string' }] },
      },
    },
    { name: 'counts', type: { type: 'map', values: ['null', 'long'] } },
    {
      name: 'by',
      type: [
        { type: 'record', name: 'KindCard', tag: { kind: 'card' }, fields: [{ name: 'last4', type: 'string' }] },
        { type: 'record', name: 'KindCash', tag: { kind: 'cash' }, fields: [] },
      ],
    },
  ],
});
const By = t.union('kind', { card: { last4: t.string() }, cash: {} });
type Memory = {
  readonly flag: boolean;
  readonly small: number;
  readonly big: bigint;
  readonly rate: number;
  readonly text: string;
  readonly raw: Uint8Array;
  readonly id: string;
  readonly day: t.Day;
  readonly at: Date;
  readonly sum: `${number}`;
  readonly note: string | null;
  readonly currency: 'EUR' | 'USD';
  readonly lines: readonly { readonly sku: string }[];
  readonly counts: { readonly [key: string]: bigint | null };
  readonly by: t.Of<typeof By>;
};
same<t.Of<typeof Everything>, Memory>(true);
same<t.JsonOf<typeof Everything>['big'], `${bigint}`>(true);
same<t.JsonOf<typeof Everything>['at'], string>(true);
same<t.JsonOf<typeof Everything>['counts'], { readonly [key: string]: `${bigint}` | null }>(true);
same<t.InputOf<typeof Everything>['big'], bigint | number | `${bigint}`>(true);
same<t.InputOf<typeof Everything>['raw'], Uint8Array | string>(true);
export const last4 = ({ by }: t.Of<typeof Everything>): string => (by.kind === 'card' ? by.last4 : by.kind);

// It is a schema like any other: in an event, with its personal data
const Contact = t.avsc({
  type: 'record',
  name: 'Contact',
  fields: [{ name: 'email', type: { type: 'string', personal: true, erasedAs: '' } }],
});
const known = event('a.b.known', { customerId: t.uuid(), who: Contact }, { subject: 'customerId' });
same<DataOf<typeof known>, { readonly customerId: string; readonly who: { readonly email: string } }>(true);
same<typeof known.personal, readonly 'who'[]>(true);
same<t.Of<ReturnType<typeof longs>>, readonly bigint[]>(true);
const longs = () => t.avsc({ type: 'array', items: 'long' });

// JSON Schema is JSON; Standard Schema is what Nest takes
t.jsonSchema(Everything) satisfies t.Json;
Everything['~standard'].jsonSchema.input({ target: 'openapi-3.0' }) satisfies Record<string, unknown>;
Body({ schema: Everything }) satisfies ParameterDecorator;

// Former names and retirement are traits of the type
const renamed = event('orders.order.placed', {}, { aliases: ['orders.order.created', 'shop.order.placed'] });
renamed.aliases satisfies readonly string[];
const gone = event('orders.order.faxed', { id: t.uuid() }, { retired: true, private: true, doc: 'Until 2019' });
gone.retired satisfies boolean;
