// Schemas from and for others: what the compiler catches. Each line fails to compile without its directive.
import { event, t } from '@leftfold/core';

const Payment = t.avsc({
  type: 'record',
  name: 'Payment',
  fields: [
    { name: 'cents', type: 'long' },
    { name: 'currency', type: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'], default: 'EUR' } },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
});
const pay = (_: t.Of<typeof Payment>): void => undefined;
pay({ cents: 1n, currency: 'EUR', note: null });
// @ts-expect-error a number for a long
pay({ cents: 1, currency: 'EUR', note: null });
// @ts-expect-error a symbol that the enum does not have
pay({ cents: 1n, currency: 'CHF', note: null });
// @ts-expect-error a nullable field left out
pay({ cents: 1n, currency: 'EUR' });
// @ts-expect-error a field that the record does not have
pay({ cents: 1n, currency: 'EUR', note: null, more: 1 });
// @ts-expect-error the JSON form where the memory form belongs
pay({ cents: '1', currency: 'EUR', note: null });

// A name in place of its definition is not inferred: the type says so, and no value is one of it
const Transfer = t.avsc({
  type: 'record',
  name: 'Transfer',
  fields: [
    { name: 'from', type: { type: 'record', name: 'Account', fields: [{ name: 'iban', type: 'string' }] } },
    { name: 'to', type: 'Account' },
  ],
});
declare const transfer: t.Of<typeof Transfer>;
transfer.from.iban satisfies string;
transfer.to['t.avsc cannot infer this'] satisfies "the name 'Account': write its definition here, or use builders";
// @ts-expect-error its fields are not known
void transfer.to.iban;
// @ts-expect-error a value of it cannot be written
({ from: { iban: '' }, to: { iban: '' } }) satisfies t.Of<typeof Transfer>;
declare const at: t.Of<ReturnType<typeof micros>>;
const micros = () => t.avsc({ type: 'long', logicalType: 'timestamp-micros' });
at['t.avsc cannot infer this'] satisfies "the logical type 'timestamp-micros'";
// @ts-expect-error nor is it a Date
at satisfies Date;
// @ts-expect-error what is no Avro at all
t.avsc(5);
// @ts-expect-error personal data of an Avro literal without a subject
event('a.b.c', { id: t.uuid(), who: t.avsc({ type: 'string', personal: true, erasedAs: '' }) });

// JSON Schema is of a schema, and says nothing of types
// @ts-expect-error no schema
t.jsonSchema({ type: 'string' });
// @ts-expect-error an event is no schema
t.jsonSchema(event('a.b.c', {}));
// @ts-expect-error a target must be named
Payment['~standard'].jsonSchema.input({});

// Former names and retirement
// @ts-expect-error a misspelt option
event('a.b.c', {}, { alias: ['a.b.d'] });
// @ts-expect-error a misspelt option beside right ones
event('a.b.c', {}, { aliases: ['a.b.d'], retierd: true });
// @ts-expect-error one name is a list of one
event('a.b.c', {}, { aliases: 'a.b.d' });
// @ts-expect-error an event is written by saying nothing
event('a.b.c', {}, { retired: false });
// @ts-expect-error former names are of the type, not of a version
event('a.b.c', {}).version(2, { n: t.int() }, { up: () => ({ n: 0 }), aliases: ['a.b.d'] });
// @ts-expect-error retirement, too
event('a.b.c', {}).version(2, { n: t.int() }, { up: () => ({ n: 0 }), retired: true });
// @ts-expect-error names do not change afterwards
event('a.b.c', {}).aliases = [];
