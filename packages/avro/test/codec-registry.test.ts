import { setImmediate } from 'node:timers/promises';
import { avro, RegistryUnavailable } from '@leftfold/avro';
import { event, t, versionsOf, type WriterSchema } from '@leftfold/core';
import type { Codec, EncodedRecord } from '@leftfold/subscriptions';
import { afterEach, expect, test, vi } from 'vitest';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

const placed = event('orders.order.placed', { id: t.string(), note: t.nullable(t.string()) });
const paid = event('orders.order.paid', { cents: t.integer() });
const [placedVersion] = versionsOf(placed);
const [paidVersion] = versionsOf(paid);
if (placedVersion === undefined || paidVersion === undefined) throw new Error('an event has a version');
const { writer, schema } = placedVersion;
const PAYLOAD = '{"id":"a","note":null}';
const text = ({ avro: json }: WriterSchema): string => JSON.stringify(json);

function setUp({ register = false } = {}): { registry: RegistryInMemory; codec: Codec } {
  const registry = new RegistryInMemory();
  return { registry, codec: avro({ registry, register }) };
}
const recordOf = (codec: Codec, value: Uint8Array): EncodedRecord => ({
  value,
  headers: { 'content-type': codec.contentType },
});
/** A record of another producer, with this id. */
const foreign = (codec: Codec, id: number): EncodedRecord => recordOf(codec, Buffer.from([0, 0, 0, 0, id, 2, 97, 0]));

afterEach(() => {
  vi.useRealTimers();
});

test('A4 the registry is asked with the text as it was stored, under the name of its record', async () => {
  const { registry, codec } = setUp();
  const id = registry.add(text(writer), 'orders.order.Placed');
  await codec.prepare({ writers: [writer] });
  expect(registry.asked).toEqual(['find orders.order.Placed']);
  expect([...codec.encode(PAYLOAD, writer)]).toEqual([0, 0, 0, 0, id, 2, 97, 0]);
});

test('a schema that is not registered is LF_SCHEMA_UNREGISTERED until it is, and is never registered', async () => {
  const { registry, codec } = setUp();
  await expect(codec.prepare({ writers: [writer] })).rejects.toMatchObject({
    code: 'LF_SCHEMA_UNREGISTERED',
    retryable: true,
    subject: 'orders.order.Placed',
  });
  expect(() => codec.encode(PAYLOAD, writer)).toThrow(expect.objectContaining({ code: 'LF_SCHEMA_UNREGISTERED' }));
  registry.add(text(writer), 'orders.order.Placed');
  await codec.prepare({ writers: [writer] });
  expect(codec.encode(PAYLOAD, writer).length).toBe(8);
  expect(registry.asked).toEqual(['find orders.order.Placed', 'find orders.order.Placed']);
});

test('for development a codec registers what it writes', async () => {
  const { registry, codec } = setUp({ register: true });
  await codec.prepare({ writers: [writer] });
  expect(registry.asked).toEqual(['register orders.order.Placed']);
  expect(await registry.versions('orders.order.Placed')).toMatchObject([{ avro: text(writer) }]);
});

test('A7 what is known is not asked for again, so a registry that is away is not noticed', async () => {
  const { registry, codec } = setUp({ register: true });
  await codec.prepare({ writers: [writer] });
  const record = recordOf(codec, codec.encode(PAYLOAD, writer));
  await codec.prepare({ records: [record] });
  const asked = registry.asked.length;
  registry.before = () => Promise.reject(new RegistryUnavailable('a registry', 'is away'));
  await codec.prepare({ writers: [writer, { ...writer }] });
  await codec.prepare({ records: [record, record] });
  expect(codec.decode(record, schema)).toEqual({ id: 'a', note: null });
  expect(registry.asked.length).toBe(asked);
});

test('A7 a registry that is away rejects prepare, retryable, and what the others found is known afterwards', async () => {
  const { registry, codec } = setUp({ register: true });
  let away = true;
  let answer = (): void => {};
  registry.before = () =>
    registry.asked.at(-1)?.endsWith('Paid') === true
      ? away
        ? Promise.reject(new RegistryUnavailable('a registry', 'is away'))
        : Promise.resolve()
      : new Promise((resolve) => (answer = resolve));
  const prepared = codec.prepare({ writers: [paidVersion.writer, writer] });
  let isOver = false;
  const over = prepared.catch(() => {}).then(() => (isOver = true));
  await setImmediate();
  expect(isOver).toBe(false);
  answer();
  await over;
  await expect(prepared).rejects.toMatchObject({ code: 'LF_REGISTRY_UNAVAILABLE', retryable: true });
  expect(codec.encode(PAYLOAD, writer).length).toBe(8);
  away = false;
  await codec.prepare({ writers: [paidVersion.writer] });
  expect(codec.encode('{"cents":"1"}', paidVersion.writer).length).toBe(6);

  const unread = foreign(codec, 9);
  registry.before = () => Promise.reject(new RegistryUnavailable('a registry', 'is away'));
  await expect(codec.prepare({ records: [unread] })).rejects.toMatchObject({ code: 'LF_REGISTRY_UNAVAILABLE' });
});

test('calls at the same time share one question, and one that gives up leaves it to the others', async () => {
  const { registry, codec } = setUp();
  const id = registry.add(text(writer));
  let answer = (): void => {};
  registry.before = () => new Promise((resolve) => (answer = resolve));
  const leaving = new AbortController();
  const records = [foreign(codec, id), foreign(codec, id)];
  const staying = [codec.prepare({ records }), codec.prepare({ records })];
  const gone = codec.prepare({ records }, { signal: leaving.signal });
  const reason = new Error('enough');
  leaving.abort(reason);
  await expect(gone).rejects.toBe(reason);
  answer();
  await Promise.all(staying);
  expect(registry.asked).toEqual([`schema ${id}`]);
  await expect(codec.prepare({ records }, { signal: leaving.signal })).rejects.toBe(reason);
});

test('A7 an id that the registry never gave out is LF_RECORD_UNDECODABLE with its id, and is asked for again after a while', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { registry, codec } = setUp();
  const record = foreign(codec, 7);
  await codec.prepare({ records: [record] });
  expect(() => codec.decode(record, schema)).toThrow(
    expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE', message: expect.stringContaining('the id 7') as string }),
  );
  vi.advanceTimersByTime(4_999);
  await codec.prepare({ records: [record] });
  expect(registry.asked).toEqual(['schema 7']);
  // A replica that lagged behind has it now.
  registry.add(text(writer), 'orders.order.Placed', 7);
  vi.advanceTimersByTime(1);
  await codec.prepare({ records: [record] });
  expect(registry.asked).toEqual(['schema 7', 'schema 7']);
  expect(codec.decode(record, schema)).toEqual({ id: 'a', note: null });
});

test('A7 of the ids that strangers write a thousand are remembered: the oldest is forgotten, the others are not asked for', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { registry, codec } = setUp();
  const records = Array.from({ length: 1_001 }, (_, nth) => {
    const value = Buffer.from([0, 0, 0, 0, 0, 2]);
    value.writeInt32BE(nth + 1, 1);
    return recordOf(codec, value);
  });
  for (const record of records) await codec.prepare({ records: [record] });
  registry.asked.length = 0;
  await codec.prepare({ records: records.slice(1) });
  expect(registry.asked).toEqual([]);
  await codec.prepare({ records: records.slice(0, 1) });
  expect(registry.asked).toEqual(['schema 1']);
});

test('A7 what an id stands for is settled by the first answer, whatever the registry says later', async () => {
  const { registry, codec } = setUp();
  const texts = [text(writer), text(paidVersion.writer)];
  registry.schema = (id) => {
    registry.asked.push(`schema ${id}`);
    return Promise.resolve(texts.shift());
  };
  const record = foreign(codec, 1);
  await Promise.all([codec.prepare({ records: [record] }), codec.prepare({ records: [record] })]);
  await codec.prepare({ records: [record] });
  expect(codec.decode(record, schema)).toEqual({ id: 'a', note: null });
  expect(registry.asked).toEqual(['schema 1']);
});

test('one id in two registries is two schemas, also for one reader', async () => {
  const reader = t.record('One', { a: t.withDefault(t.int(), 0), b: t.withDefault(t.int(), 0) });
  const read = await Promise.all(
    ['a', 'b'].map(async (field) => {
      const { registry, codec } = setUp();
      registry.add(JSON.stringify({ type: 'record', name: 'One', fields: [{ name: field, type: 'int' }] }));
      const record = recordOf(codec, Buffer.from([0, 0, 0, 0, 1, 2]));
      await codec.prepare({ records: [record] });
      return codec.decode(record, reader);
    }),
  );
  expect(read).toEqual([
    { a: 1, b: 0 },
    { a: 0, b: 1 },
  ]);
});

test('a prepare that is given up in the middle keeps what it found, and is not in the way of the next', async () => {
  const { registry, codec } = setUp({ register: true });
  const answers: (() => void)[] = [];
  registry.before = () => new Promise((resolve) => answers.push(resolve));
  const leaving = new AbortController();
  const gone = codec.prepare({ writers: [writer, paidVersion.writer] }, { signal: leaving.signal });
  await vi.waitFor(() => expect(answers.length).toBe(2), { timeout: 20_000 });
  answers[0]?.();
  await setImmediate();
  leaving.abort();
  await expect(gone).rejects.toBe(leaving.signal.reason);
  expect(codec.encode(PAYLOAD, writer).length).toBe(8);
  expect(() => codec.encode('{"cents":"1"}', paidVersion.writer)).toThrow(
    expect.objectContaining({ code: 'LF_SCHEMA_UNREGISTERED' }),
  );
  // Its other question is still open, and shared by who asks next.
  const next = codec.prepare({ writers: [writer, paidVersion.writer] });
  answers[1]?.();
  await next;
  expect(codec.encode('{"cents":"1"}', paidVersion.writer).length).toBe(6);
  expect(registry.asked).toEqual(['register orders.order.Placed', 'register orders.order.Paid']);
});

test.each<readonly [what: string, record: EncodedRecord]>([
  ['another magic byte', { value: Buffer.from([1, 0, 0, 0, 1, 2]), headers: { 'content-type': 'application/avro' } }],
  ['fewer than five bytes', { value: Buffer.from([0, 0, 0]), headers: { 'content-type': 'application/avro' } }],
  ['no bytes', { value: Buffer.alloc(0), headers: { 'content-type': 'application/avro' } }],
  ['a negative id', { value: Buffer.from([0, 255, 0, 0, 1, 2]), headers: { 'content-type': 'application/avro' } }],
  ['the id 0', { value: Buffer.from([0, 0, 0, 0, 0, 2]), headers: { 'content-type': 'application/avro' } }],
  ['another content-type', { value: Buffer.from([0, 0, 0, 0, 1, 2]), headers: { 'content-type': 'application/json' } }],
  ['no content-type', { value: Buffer.from([0, 0, 0, 0, 1, 2]), headers: {} }],
])('A7 a record with %s is refused without a question', async (_, record) => {
  const { registry, codec } = setUp();
  await codec.prepare({ records: [record] });
  expect(registry.asked).toEqual([]);
  expect(() => codec.decode(record, schema)).toThrow(expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE' }));
});

test.each([
  'no JSON',
  '{"type":"record"}',
  '"string"',
  '[]',
  `${'[{"type":"array","items":'.repeat(500)}"int"${'}]'.repeat(500)}`,
])('A7 a registered text that is no event (%#) makes its records undecodable, and nothing else', async (broken) => {
  const { registry, codec } = setUp();
  const id = registry.add(broken);
  const record = foreign(codec, id);
  await codec.prepare({ records: [record] });
  expect(() => codec.decode(record, schema)).toThrow(expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE' }));
});

test('every cut of a record is refused', async () => {
  const { codec } = setUp({ register: true });
  await codec.prepare({ writers: [writer] });
  const whole = codec.encode('{"id":"abc","note":"ring twice"}', writer);
  await codec.prepare({ records: [recordOf(codec, whole)] });
  for (let end = 0; end < whole.length; end++)
    expect(() => codec.decode(recordOf(codec, whole.subarray(0, end)), schema), `${end} bytes`).toThrow(
      expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE' }),
    );
});

test('a message never repeats what was read or written', async () => {
  const { codec } = setUp({ register: true });
  await codec.prepare({ writers: [writer] });
  const messages: string[] = [];
  const secret = 'Zaphod';
  for (const attempt of [
    () => codec.encode(JSON.stringify({ id: 1, note: secret }), writer),
    () => codec.encode(JSON.stringify({ id: secret, note: null, more: secret }), writer),
    () => codec.encode(secret, writer),
    () => codec.decode(recordOf(codec, Buffer.from(`\0\0\0\0\u0001\u000c${secret}\u0007`)), schema),
  ])
    try {
      attempt();
    } catch (error) {
      const { message, cause } = error as Error;
      messages.push(message, String(cause));
    }
  expect(messages.length).toBe(8);
  expect(messages.join(' ')).not.toContain(secret);
});
