// Schemas and events: what the compiler catches. Each line fails to compile without its directive.
import { event, t, type NewEvent } from '@leftfold/core';

const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: t.enum('Currency', ['EUR', 'USD']) });
const fields = { id: t.uuid(), name: t.string() };
const secret = t.personal(t.string(), { erasedAs: '' });
const v1 = event('a.b.c', { id: t.uuid(), amount: t.double() });
const v3 = v1
  .version(2, fields, { up: ({ id }) => ({ id, name: '' }), down: ({ id }) => ({ id, amount: 0 }) })
  .version(3, { key: t.uuid() }, { up: ({ id }) => ({ key: id }), down: ({ key }) => ({ id: key, name: '' }) });
const paid = event('a.b.paid', { amount: Money, note: t.nullable(t.string()) });

// Versions and upcasters
// @ts-expect-error a new version without options
v1.version(2, fields);
// @ts-expect-error a new version without its upcaster
v1.version(2, fields, {});
// @ts-expect-error an upcaster that gives the wrong type
v1.version(2, fields, { up: ({ id, amount }) => ({ id, name: amount }) });
// @ts-expect-error an upcaster that leaves a field out
v1.version(2, fields, { up: ({ id }) => ({ id }) });
// @ts-expect-error an upcaster that reads a field the old version never had
v1.version(2, fields, { up: ({ id, nmae }) => ({ id, name: `${nmae}` }) });
// @ts-expect-error an upcaster that keeps a field the new schema does not have
v1.version(2, fields, { up: (old) => ({ ...old, name: '' }) });
// @ts-expect-error an upcaster that is not pure
v1.version(2, fields, { up: async ({ id }) => ({ id, name: '' }) });
// @ts-expect-error an upcaster from the version before the last
v3.version(4, fields, { up: ({ id }) => ({ id: `${id}`, name: '' }) });
// @ts-expect-error a skipped version
v1.version(3, fields, { up: ({ id }) => ({ id, name: '' }) });
// @ts-expect-error a version that exists
v1.version(1, fields, { up: ({ id }) => ({ id, name: '' }) });
// @ts-expect-error a downcast that does not give the old shape
v1.version(2, fields, { up: ({ id }) => ({ id, name: '' }), down: ({ id }) => ({ id }) });
// @ts-expect-error a misspelt option of a version
v1.version(2, fields, { up: ({ id }) => ({ id, name: '' }), dwn: () => 1 });
// @ts-expect-error privacy is of the type, not of one version
v1.version(2, fields, { up: ({ id }) => ({ id, name: '' }), private: true });
// @ts-expect-error a misspelt option of the type
event('a.b.d', fields, { prviate: true });
// @ts-expect-error an event is public by saying nothing
event('a.b.d', fields, { private: false });
// @ts-expect-error there is no version 4
v3.at(4, { key: '' });
// @ts-expect-error the payload of another version
v3.at(2, { key: '' });
// @ts-expect-error an event is made at the latest version
v3({ id: '', name: '' });

// Personal data
// @ts-expect-error personal data without a subject
event('a.b.d', { customerId: t.uuid(), email: secret });
// @ts-expect-error personal data without a subject, inside a list of records
event('a.b.d', { customerId: t.uuid(), people: t.array(t.record('Person', { email: secret })) });
// @ts-expect-error personal data without a subject, in a variant of a union
event('a.b.d', { customerId: t.uuid(), by: t.union('kind', { mail: { email: secret }, none: {} }) });
// @ts-expect-error a new version with personal data and no subject
v1.version(2, { id: t.uuid(), name: secret }, { up: ({ id }) => ({ id, name: '' }) });
// @ts-expect-error a subject that is no field
event('a.b.d', { customerId: t.uuid(), email: secret }, { subject: 'customer' });
// @ts-expect-error a subject that is itself personal
event('a.b.d', { customerId: t.uuid(), email: secret }, { subject: 'email' });
// @ts-expect-error a subject that holds no string
event('a.b.d', { customerId: t.uuid(), age: t.int(), email: secret }, { subject: 'age' });
// @ts-expect-error personal data without its erased value
t.personal(t.string(), {});
// @ts-expect-error personal data that is no plain string: ciphertext has no place in a long
t.personal(t.long(), { erasedAs: 0n });
// @ts-expect-error nor in a uuid
t.personal(t.uuid(), { erasedAs: '' });
// @ts-expect-error nor in an enum
t.personal(t.enum('Sex', ['f', 'm']), { erasedAs: 'f' });
// @ts-expect-error nor in a record; its fields can be personal
t.personal(t.record('Name', { first: t.string() }), { erasedAs: { first: '' } });
// @ts-expect-error nor around what is nullable
t.personal(t.nullable(t.string()), { erasedAs: '' });

// Payloads: every field, of its type, and no other
// @ts-expect-error a field left out
paid({ amount: { cents: 5, currency: 'EUR' } });
// @ts-expect-error a field that the schema does not have
paid({ amount: { cents: 5, currency: 'EUR' }, note: null, more: 1 });
// @ts-expect-error undefined is not null
paid({ amount: { cents: 5, currency: 'EUR' }, note: undefined });
// @ts-expect-error a bigint where the everyday integer is a number
paid({ amount: { cents: 5n, currency: 'EUR' }, note: null });
// @ts-expect-error the JSON form where the memory form belongs
paid({ amount: { cents: '5', currency: 'EUR' }, note: null });
// @ts-expect-error a symbol that the enum does not have
paid({ amount: { cents: 5, currency: 'CHF' }, note: null });
// @ts-expect-error a number where the log needs a bigint
event('a.b.e', { n: t.long() })({ n: 5 });
// @ts-expect-error a decimal that is none
event('a.b.e', { rate: t.decimal(9, 4) })({ rate: 'abc' });
// @ts-expect-error a decimal as a number, which would be rounded
event('a.b.e', { rate: t.decimal(9, 4) })({ rate: 0.1 });
// @ts-expect-error a day that is none
event('a.b.e', { on: t.date() })({ on: 'today' });
// @ts-expect-error a Date where a day belongs
event('a.b.e', { on: t.date() })({ on: new Date() });
// @ts-expect-error text where a Date belongs
event('a.b.e', { at: t.timestampMillis() })({ at: '2026-11-22T00:00:00Z' });
// @ts-expect-error base64 where bytes belong
event('a.b.e', { raw: t.bytes() })({ raw: 'AA==' });
// @ts-expect-error writers must give a field with a default, too
event('a.b.e', { since: t.withDefault(t.string(), '') })({});
const means = event('a.b.e', { by: t.union('kind', { card: { last4: t.string() }, transfer: { iban: t.string() } }) });
// @ts-expect-error a variant that the union does not have
means({ by: { kind: 'cash' } });
// @ts-expect-error the fields of another variant
means({ by: { kind: 'card', iban: 'x' } });
// @ts-expect-error no variant named
means({ by: { last4: '1234' } });
// @ts-expect-error a payload is not changed
paid({ amount: { cents: 5, currency: 'EUR' }, note: null }).data.note = '';
const other: NewEvent = v3({ key: '' });
// @ts-expect-error the payload of an event nobody recognised
void other.data.key;
// @ts-expect-error the payload of an old version
if (v3.is(other)) void other.data.name;

// Schemas
// @ts-expect-error a constraint that the type does not know
t.integer({ pattern: /x/ });
// @ts-expect-error a bound of another type
t.integer({ min: 0n });
// @ts-expect-error an enum without symbols
t.enum('Currency', []);
// @ts-expect-error a default of another type
t.withDefault(t.integer(), '0');
// @ts-expect-error a default that the enum does not have
t.withDefault(t.enum('Currency', ['EUR']), 'USD');
// @ts-expect-error null as the default of what cannot be null
t.withDefault(t.string(), null);
// @ts-expect-error a field that is no schema
t.record('R', { name: 'string' });
// @ts-expect-error jsonb read as if it were the payload: cents are text there
t.toJson(Money, { cents: 5, currency: 'EUR' }).cents satisfies number;
// @ts-expect-error the JSON form has no Date
t.toJson(t.timestampMillis(), new Date()) satisfies Date;
// @ts-expect-error the stored form of the stored form
t.toJson(Money, { cents: '5', currency: 'EUR' });
// @ts-expect-error text that is no whole number at the edge
({ cents: 'five', currency: 'EUR' }) satisfies t.InputOf<typeof Money>;
// @ts-expect-error a number for a decimal at the edge
0.1 satisfies t.InputOf<ReturnType<typeof t.decimal>>;
// @ts-expect-error a value that was not checked
void Money['~standard'].validate({}).value;
// @ts-expect-error a schema is not changed
Money.avro = 'string';
