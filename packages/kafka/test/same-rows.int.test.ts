import { avro, confluentRegistry, fileRegistry } from '@leftfold/avro';
import type { SchemaRegistry } from '@leftfold/avro';
import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { AnyEventType, EncodedEvent, EventId, NewEvent } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, jsonCodec, projection, relay, stop } from '@leftfold/subscriptions';
import type { Broker, Codec, FoldedProjection, LaneFault, Running } from '@leftfold/subscriptions';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { pushSchemas } from './push-schemas.ts';
import { groupsReady, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

beforeAll(groupsReady);

/** Whoever runs these tests besides has subjects of his own. */
const shop = `shop${randomBytes(6).toString('hex')}`;

// Three releases of one event. The first called it otherwise.
const ordered = event(`${shop}.order.ordered`, {
  customer: t.string(),
  lines: t.array(t.record('Line', { item: t.string(), count: t.int() })),
  paid: t.enum('Method', ['CASH', 'CARD']),
  tags: t.map(t.long()),
  at: t.timestampMillis(),
});
/** A revision: fields with defaults, one of them inside a nested record, one symbol more. */
const fields = {
  customer: t.string(),
  lines: t.array(t.record('Line', { item: t.string(), count: t.int(), price: t.withDefault(t.decimal(9, 2), '0.00') })),
  paid: t.enum('Method', ['CASH', 'CARD', 'WIRE']),
  tags: t.map(t.long()),
  at: t.timestampMillis(),
  note: t.withDefault(t.nullable(t.string()), null),
};
const orderedRevised = event(`${shop}.order.ordered`, fields);
/** A new name, and later a new version. */
const aliases = [`${shop}.order.ordered`];
const placedFirst = event(`${shop}.order.placed`, fields, { aliases });
const placed = placedFirst.version(
  2,
  { buyer: t.string(), summary: t.string(), total: t.long() },
  {
    up: ({ customer, lines, paid, tags, at, note }) => ({
      buyer: customer,
      summary: [
        ...lines.map(({ item, count, price }) => `${count} ${item} at ${price}`),
        paid,
        ...Object.entries(tags).map(([tag, value]) => `${tag}=${value}`),
        at.toISOString(),
        String(note),
      ].join(', '),
      total: BigInt(lines.length),
    }),
  },
);
/** The text of the third release reads what none of its own wrote: `WIRE` is not known to it. */
const withoutWire = event(
  `${shop}.order.placed`,
  { ...fields, paid: t.enum('Method', ['CASH', 'CARD']) },
  { aliases },
).version(
  2,
  { buyer: t.string(), summary: t.string(), total: t.long() },
  {
    up: ({ customer, paid }) => ({ buyer: customer, summary: paid, total: 0n }),
  },
);

const row = { id: t.string(), buyer: t.string(), summary: t.string(), total: t.long(), written: t.string() };
const listing = (type: typeof placed | typeof withoutWire, name = 'list'): FoldedProjection =>
  projection(name, { version: 1, key: 'id', row }).upsert(
    type as typeof placed,
    (_, { data, stream, type: as, version, writtenVersion }) => ({
      id: stream.key,
      ...data,
      written: `${as.slice(shop.length)} ${version} from ${writtenVersion}`,
    }),
  );

const line = { item: 'tea', count: 2 };
const at = new Date('2026-01-02T03:04:05.678Z');
const tags = { big: 2n ** 62n, 'a key: with ÿ': -1n };
/** What the releases wrote, each into a stream of its own. */
const HISTORY: readonly (readonly [AnyEventType, NewEvent])[] = [
  [ordered, ordered({ customer: 'ann', lines: [line, line], paid: 'CARD', tags, at })],
  [
    orderedRevised,
    orderedRevised({ customer: '漢 👋', lines: [{ ...line, price: '12.34' }], paid: 'WIRE', tags: {}, at, note: 'x' }),
  ],
  [placedFirst, placedFirst({ customer: '', lines: [], paid: 'CASH', tags, at, note: null })],
  [placed, placed({ buyer: 'dan', summary: 'as it is', total: -(2n ** 63n) })],
];

async function write({ store }: MemoryStorage, key: string, ...events: readonly EncodedEvent[]): Promise<void> {
  const stream = streamRef(`${shop}.order`, key, '');
  const outcome = await store.append([{ stream, expect: 'any', events }]);
  expect(outcome.kind).toBe('appended');
}
const encoded = (type: AnyEventType, of: NewEvent): EncodedEvent =>
  encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'c' });

/** A log, relayed to a topic of its own. */
async function relayed(
  codec: Codec,
): Promise<{ readonly storage: MemoryStorage; readonly broker: Broker; readonly relaying: Running }> {
  const options = newTopic(2, { codec });
  const storage = memory({ topic: () => options.topic });
  const relaying = await relay({ storage, to: kafka(options), service: 'tests' });
  onTestFinished(() => relaying.stop());
  // As another process has it, which knows no schema yet.
  return { storage, broker: kafka(options), relaying };
}
/** Follows to the end: the rows, or why it stopped. */
async function rowsFrom(
  by: 'log' | 'topic',
  followed: FoldedProjection,
  { storage, broker }: { readonly storage: MemoryStorage; readonly broker: Broker },
): Promise<unknown> {
  const models = memory();
  const running = await follow(followed, {
    from: by === 'log' ? storage.log : broker.source,
    storage: by === 'log' ? storage : { ...models, log: storage.log },
  });
  const fault = await running.caughtUp().then(
    () => undefined,
    (error: unknown) => (error as { readonly fault?: LaneFault }).fault ?? error,
  );
  await running.stop();
  if (fault !== undefined) return fault;
  const { readModels } = by === 'log' ? storage : models;
  return readModels.reader([followed.rowTable]).all(followed.rowTable.name);
}

async function registryInFolder(): Promise<SchemaRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'leftfold-schemas-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  // As the real one of the tests, which takes any text: what a reader makes of texts that do not fit is the question here.
  await writeFile(join(folder, 'compatibility.json'), '{ "default": "NONE" }');
  return fileRegistry(folder);
}
/** A registry that is given may have a rule; the one of the tests has none. */
async function takeAnyText(subject: string): Promise<void> {
  const answer = await fetch(`${inject('registryUrl')}/config/${subject}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"compatibility":"NONE"}',
  });
  expect(answer.status).toBe(200);
}
interface Made {
  readonly codec: Codec;
  readonly registry?: SchemaRegistry;
  readonly loosen?: (subject: string) => Promise<void>;
}
const CODECS: readonly (readonly [string, () => Promise<Made>])[] = [
  ['JSON', async () => ({ codec: jsonCodec() })],
  [
    'Avro and a folder',
    async () => {
      const registry = await registryInFolder();
      return { codec: avro({ registry }), registry };
    },
  ],
  [
    'Avro and a registry',
    async () => {
      const registry = confluentRegistry({ url: inject('registryUrl') });
      return { codec: avro({ registry }), registry, loosen: takeAnyText };
    },
  ],
];

describe.each(CODECS)('with %s', (_, made) => {
  test('C8 the rows of a projection are the same from the log and from the topic, for old revisions, old versions and a renamed type', async () => {
    const { codec, registry } = await made();
    if (registry) await pushSchemas(registry, ordered, orderedRevised, placed);
    const scene = await relayed(codec);
    for (const [index, [type, of]] of HISTORY.entries()) await write(scene.storage, `o${index}`, encoded(type, of));
    await scene.relaying.caughtUp();
    const fromLog = await rowsFrom('log', listing(placed), scene);
    expect(fromLog).toEqual([
      {
        id: 'o0',
        buyer: 'ann',
        summary: `2 tea at 0.00, 2 tea at 0.00, CARD, a key: with ÿ=-1, big=${2n ** 62n}, ${at.toISOString()}, null`,
        total: 2n,
        written: '.order.placed 2 from 1',
      },
      {
        id: 'o1',
        buyer: '漢 👋',
        summary: `2 tea at 12.34, WIRE, ${at.toISOString()}, x`,
        total: 1n,
        written: '.order.placed 2 from 1',
      },
      {
        id: 'o2',
        buyer: '',
        summary: `CASH, a key: with ÿ=-1, big=${2n ** 62n}, ${at.toISOString()}, null`,
        total: 0n,
        written: '.order.placed 2 from 1',
      },
      { id: 'o3', buyer: 'dan', summary: 'as it is', total: -(2n ** 63n), written: '.order.placed 2 from 2' },
    ]);
    expect(await rowsFrom('topic', listing(placed), scene)).toEqual(fromLog);
    // A symbol that this reader does not know is its enum's default, from both.
    const [log, topic] = [
      await rowsFrom('log', listing(withoutWire, 'old-list'), scene),
      await rowsFrom('topic', listing(withoutWire, 'old-list'), scene),
    ];
    expect((log as readonly { readonly summary: string }[]).map(({ summary }) => summary)).toEqual([
      'CARD',
      'CASH',
      'CASH',
      'as it is',
    ]);
    expect(topic).toEqual(log);
  });

  test('what this code’s schema cannot read of its own version stops the lane at that event, from the log and from the topic', async () => {
    const { codec, registry, loosen } = await made();
    // A text inside version 1 that no gate has seen: the customer became a number.
    const astray = event(`${shop}astray.order.placed`, { customer: t.string() });
    const rogue = event(`${shop}astray.order.placed`, { customer: t.int() });
    if (registry) {
      await pushSchemas(registry, astray);
      await loosen?.(`${shop}astray.order.Placed`);
      await pushSchemas(registry, rogue);
    }
    const scene = await relayed(codec);
    await write(scene.storage, 'o1', encoded(astray, astray({ customer: 'ann' })));
    await write(scene.storage, 'o1', encoded(rogue, rogue({ customer: 7 })));
    await scene.relaying.caughtUp();
    const names = projection('names', {
      version: 1,
      key: 'id',
      row: { id: t.string(), name: t.string() },
      recovery: { live: stop() },
    }).upsert(astray, (_row, { data, stream }) => ({ id: stream.key, name: data.customer }));
    for (const by of ['log', 'topic'] as const) {
      expect(await rowsFrom(by, names, scene), by).toMatchObject({
        code: 'LF_RECORD_UNDECODABLE',
        event: { type: `${shop}astray.order.placed`, stream: `${shop}.order-o1`, streamVersion: 2n },
      });
    }
  });

  test('C16 a version newer than the code waits, under whichever name, from the log and from the topic, until newer code follows', async () => {
    const { codec, registry } = await made();
    const later = event(`${shop}.order.ordered`, fields).version(
      2,
      { buyer: t.string(), summary: t.string(), total: t.long() },
      { up: () => ({ buyer: '', summary: '', total: 0n }) },
    );
    if (registry) await pushSchemas(registry, later);
    const { storage, broker } = await relayed(codec);
    await write(storage, 'o1', encoded(later, later({ buyer: 'eve', summary: 'later', total: 1n })));
    for (const by of ['log', 'topic'] as const) {
      const [name, from] = [`${by}-list`, by === 'log' ? storage.log : broker.source];
      const old = projection(name, { version: 1, key: 'id', row: { id: t.string() } }).upsert(
        placedFirst,
        (_row, { stream }) => ({
          id: stream.key,
        }),
      );
      const waiting = await follow(old, { from, storage });
      onTestFinished(() => waiting.stop());
      const lane = (): unknown => waiting.status().lanes.find(({ state }) => state === 'waiting');
      await until(`it waits before the event from the ${by}`, () => lane() !== undefined);
      expect(lane()).toMatchObject({
        fault: { code: 'LF_NEWER_EVENT', event: { type: placed.type, streamVersion: 1n } },
      });
      await waiting.stop();
      expect(await rowsFrom(by, listing(placed, `new-${name}`), { storage, broker })).toMatchObject([
        { id: 'o1', buyer: 'eve', summary: 'later', written: '.order.placed 2 from 2' },
      ]);
    }
  });
});
