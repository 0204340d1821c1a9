import assert from 'node:assert/strict';
import {
  aggregate,
  decodeStored,
  encodeEvent,
  event,
  eventTypesByName,
  repository,
  t,
  uuidV7,
  versionsOf,
} from '@leftfold/core';
import type { AnyEventType, EventId, StreamRef } from '@leftfold/core';
import type { LogRecord, Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream, readStream } from '../event-store/encoded-events.ts';
import { readSource, recordsOf } from './read-log.ts';

type OpenStorage = () => Promise<Storage>;

/** A definition that was changed in place: what the older one wrote, and what the younger one reads. */
interface Revision {
  readonly before: t.Fields;
  readonly after: t.Fields;
  readonly wrote: object;
  readonly reads: object;
}

const Line = t.record('Line', { sku: t.string() });
const LineWithCount = t.record('Line', { sku: t.string(), count: t.withDefault(t.integer(), 1) });

const UUID = '01910000-0000-7000-8000-000000000001';

/** Each is a change that leaves old rows readable, and that reading without the writer's schema gets wrong in part. */
const REVISIONS: { readonly [change: string]: Revision } = {
  'a field with a default': {
    before: { a: t.string() },
    after: {
      a: t.string(),
      at: t.withDefault(t.timestampMillis(), new Date(7)),
      tags: t.withDefault(t.array(t.string()), ['-']),
    },
    wrote: { a: 'x' },
    reads: { a: 'x', at: new Date(7), tags: ['-'] },
  },
  'a nullable field': { before: {}, after: { a: t.nullable(t.bytes()) }, wrote: {}, reads: { a: null } },
  'a default of another value': {
    before: { a: t.withDefault(t.string(), 'old') },
    after: { a: t.withDefault(t.string(), 'new') },
    wrote: { a: 'old' },
    reads: { a: 'old' },
  },
  'a field that is gone': {
    before: { a: t.string(), b: t.uuid() },
    after: { a: t.string() },
    wrote: { a: 'x', b: UUID },
    reads: { a: 'x' },
  },
  'fields in another order': {
    before: { a: t.string(), b: t.int() },
    after: { b: t.int(), a: t.string() },
    wrote: { a: 'x', b: 1 },
    reads: { a: 'x', b: 1 },
  },
  'int to long': {
    before: { a: t.int(), b: t.int() },
    after: { a: t.integer(), b: t.long() },
    wrote: { a: -1, b: 2 },
    reads: { a: -1, b: 2n },
  },
  'int to double': { before: { a: t.int() }, after: { a: t.double() }, wrote: { a: 5 }, reads: { a: 5 } },
  'long to double, which rounds beyond 2^53': {
    before: { a: t.long(), b: t.integer() },
    after: { a: t.double(), b: t.double() },
    wrote: { a: -9007199254740993n, b: 5 },
    reads: { a: -9007199254740992, b: 5 },
  },
  'string to bytes': {
    before: { a: t.string() },
    after: { a: t.bytes() },
    wrote: { a: 'abcd' },
    reads: { a: new TextEncoder().encode('abcd') },
  },
  'bytes to string': {
    before: { a: t.bytes() },
    after: { a: t.string() },
    wrote: { a: new TextEncoder().encode('né') },
    reads: { a: 'né' },
  },
  'more digits before the point': {
    before: { a: t.decimal(4, 2) },
    after: { a: t.decimal(9, 2) },
    wrote: { a: '12.50' },
    reads: { a: '12.50' },
  },
  'a symbol that is gone, read as the default': {
    before: { a: t.enum('E', ['x', 'y', 'z']), b: t.enum('F', ['x', 'y']) },
    after: { a: t.enum('E', ['z', 'x']), b: t.enum('F', ['y', 'x']) },
    wrote: { a: 'y', b: 'x' },
    reads: { a: 'z', b: 'x' },
  },
  'null where there was none': {
    before: { a: t.int() },
    after: { a: t.nullable(t.integer()) },
    wrote: { a: 5 },
    reads: { a: 5 },
  },
  'a field of a record in a list': {
    before: { lines: t.array(Line) },
    after: { lines: t.array(LineWithCount) },
    wrote: { lines: [{ sku: 'a' }, { sku: 'b' }] },
    reads: {
      lines: [
        { sku: 'a', count: 1 },
        { sku: 'b', count: 1 },
      ],
    },
  },
  'a further variant, and a field of one': {
    before: { paid: t.union('by', { card: { cents: t.int() } }) },
    after: { paid: t.union('by', { cash: {}, card: { cents: t.integer(), last4: t.nullable(t.string()) } }) },
    wrote: { paid: { by: 'card', cents: 5 } },
    reads: { paid: { by: 'card', cents: 5, last4: null } },
  },
  'a mark of personal data': {
    before: { a: t.string(), of: t.string() },
    after: { a: t.personal(t.string(), { erasedAs: '-' }), of: t.string() },
    wrote: { a: 'Ada', of: '1' },
    reads: { a: 'Ada', of: '1' },
  },
};

/** Events that older code wrote, read by younger code: for load and from the log alike, by the schema that each row names. */
export function evolutionCases(open: OpenStorage, timeoutMs?: number): readonly ConformanceCase[] {
  const written = async (storage: Storage, stream: StreamRef): Promise<LogRecord> => {
    const isOurs = (record: LogRecord): boolean => record.stream === stream.id;
    const batches = await readSource(storage.log, (read) => recordsOf(read).some(isOurs), {
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    return recordsOf(batches).find(isOurs) as LogRecord;
  };
  return [
    ...Object.entries(REVISIONS).map(([change, { before, after, wrote, reads }]) => ({
      title: `an old event is read by the schema it was written with: ${change}`,
      run: async () => {
        const storage = await open();
        const [older, younger] = [typeOf(before), typeOf(after)];
        const stream = newStream();
        await append(storage, stream, older, wrote);
        const [stored] = await readStream(storage.store, stream);
        assert.ok(stored);
        assert.deepEqual(stored.schema, versionsOf(older)[0]?.writer);
        assert.deepEqual(plain(decodeStored(younger, stored.schema, stored.payload)), reads, 'for load');
        const [version] = versionsOf(younger);
        assert.ok(version);
        assert.deepEqual(plain((await written(storage, stream)).decode(version.schema)), reads, 'from the log');
        assert.deepEqual(plain(decodeStored(older, stored.schema, stored.payload)), wrote, 'by the older code, still');
      },
    })),
    {
      title: 'an event of a type that was renamed is loaded, listed and read under its present name',
      run: async () => {
        const storage = await open();
        const category = `conformance.${uuidV7()}`;
        const older = event('conformance.thing.begun', { what: t.string() });
        const younger = event(
          'conformance.thing.started',
          { what: t.string(), count: t.withDefault(t.integer(), 1) },
          { aliases: ['conformance.thing.began', older.type] },
        );
        const things = aggregate(category, { events: { started: younger }, initial: (): readonly string[] => [] })
          .evolve({ started: (seen, { what, count }) => [...seen, `${what} ${count}`] })
          .decide({ start: (_seen, what: string) => [younger({ what, count: 2 })] });
        const stream = things.stream('1');
        await append(storage, stream, older, { what: 'old' });
        const repo = repository(things, storage.store);
        await repo.start('1', 'new');
        assert.deepEqual((await repo.load('1')).state, ['old 1', 'new 2']);
        const types: string[] = [];
        for await (const recorded of repo.history('1')) types.push(recorded.type);
        assert.deepEqual(types, [younger.type, younger.type]);
        const record = await written(storage, stream);
        // What is in the log stays as it is; the types of the code say whose it is.
        assert.equal(record.type, older.type);
        const type = eventTypesByName([younger]).get(record.type);
        assert.equal(type, younger);
        assert.deepEqual(plain(record.decode(versionsOf(younger)[0]?.schema as t.AnySchema)), {
          what: 'old',
          count: 1,
        });
      },
    },
    {
      title:
        'what the reader cannot read of the writer is a typed error that names the field, for load and from the log',
      run: async () => {
        const storage = await open();
        const [older, younger] = [typeOf({ a: t.string() }), typeOf({ a: t.int(), b: t.string() })];
        const stream = newStream();
        await append(storage, stream, older, { a: 'secret' });
        const [stored] = await readStream(storage.store, stream);
        assert.ok(stored);
        const record = await written(storage, stream);
        const errors = [
          (): unknown => decodeStored(younger, stored.schema, stored.payload),
          () => record.decode(versionsOf(younger)[0]?.schema as t.AnySchema),
        ].map((read) => thrownBy(read));
        assert.deepEqual(
          errors.map(({ code, retryable }) => [code, retryable]),
          [
            ['LF_PAYLOAD_UNDECODABLE', false],
            ['LF_RECORD_UNDECODABLE', false],
          ],
        );
        for (const { message } of errors) {
          assert.match(message, /a string cannot be read as int/);
          assert.match(message, /the reader's field 'b' has no default/);
          assert.doesNotMatch(message, /secret/);
        }
      },
    },
  ];
}

/** A type whose name all releases share. */
const typeOf = (fields: t.Fields): AnyEventType =>
  (event as (name: string, fields: t.Fields, options: object) => AnyEventType)('conformance.thing.changed', fields, {
    ...('of' in fields && { subject: 'of' }),
  });

async function append({ store }: Storage, stream: StreamRef, type: AnyEventType, data: object): Promise<void> {
  const made = (type as (data: object) => { type: string; version: number; data: object })(data);
  const encoded = encodeEvent(type, made, uuidV7() as EventId, { correlationId: 'c' });
  const outcome = await store.append([{ stream, expect: 'absent', events: [encoded] }]);
  assert.equal(outcome.kind, 'appended');
}

/** Bytes as they are compared everywhere: whatever class they come in. */
const plain = (data: unknown): object =>
  Object.fromEntries(
    Object.entries(data as object).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? new Uint8Array(value) : value,
    ]),
  );

function thrownBy(read: () => unknown): Error & { readonly code?: string; readonly retryable?: boolean } {
  try {
    read();
  } catch (error) {
    return error as Error;
  }
  return assert.fail('it was read');
}
