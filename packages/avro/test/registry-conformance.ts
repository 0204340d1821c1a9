import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Compatibility, SchemaRegistry } from '@leftfold/avro';

/** One case. */
export interface RegistryCase {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** A registry to be held to the port. */
export interface RegistryUnderTest {
  /** Another client of the same registry, which has asked nothing yet. */
  readonly open: () => SchemaRegistry;
  /** Gives a subject a rule of its own. */
  readonly setRule: (subject: string, rule: Compatibility) => Promise<void>;
  /** Two that register one text at the very same moment make one version. Apicurio 2.6 may make two, of one id. */
  readonly notesOnce: boolean;
}

/** The full name of a record that no other case has. */
export const newSubject = (): string => `conformance.T${randomUUID().replaceAll('-', '')}`;

const field = (name: string, type: unknown = 'string', more: object = {}): object => ({ name, type, ...more });

/** Its Avro text, as a service would write it: one line, in one order. */
export function textOf(subject: string, fields: readonly object[] = [field('id')], more: object = {}): string {
  const end = subject.lastIndexOf('.');
  const [namespace, name] = [subject.slice(0, end), subject.slice(end + 1)];
  return JSON.stringify({ type: 'record', name, namespace, fields, ...more });
}

const code = (expected: string): { code: string } => ({ code: expected });

/** What every {@link SchemaRegistry} promises, with a real one behind it. */
export const registryCases = ({ open, setRule, notesOnce }: RegistryUnderTest): readonly RegistryCase[] => [
  {
    title: 'what nobody registered is not there: no id, no text, no versions',
    run: async () => {
      const [registry, subject] = [open(), newSubject()];
      assert.equal(await registry.find(subject, textOf(subject)), undefined);
      assert.deepEqual(await registry.versions(subject), []);
      assert.ok(!(await registry.subjects()).includes(subject));
      assert.equal(await registry.schema(2_147_483_647), undefined);
    },
  },
  {
    title: 'looking up registers nothing',
    run: async () => {
      const subject = newSubject();
      await open().find(subject, textOf(subject));
      assert.deepEqual(await open().versions(subject), []);
    },
  },
  {
    title: 'what was registered is found by others, by its text and by its id, as the text it was',
    run: async () => {
      const subject = newSubject();
      const avro = textOf(subject);
      const id = await open().register(subject, avro);
      assert.ok(Number.isInteger(id) && id >= 1 && id <= 2_147_483_647);
      const other = open();
      assert.equal(await other.find(subject, avro), id);
      assert.equal(await other.schema(id), avro);
      assert.deepEqual(await other.versions(subject), [{ id, version: 1, avro }]);
      assert.ok((await other.subjects()).includes(subject));
    },
  },
  {
    title: 'registering again gives the same id and makes no version',
    run: async () => {
      const subject = newSubject();
      const ids = [await open().register(subject, textOf(subject)), await open().register(subject, textOf(subject))];
      assert.equal(ids[0], ids[1]);
      assert.equal((await open().versions(subject)).length, 1);
    },
  },
  {
    title: 'a text is found however it is spaced and in whatever order its attributes come',
    run: async () => {
      const subject = newSubject();
      const avro = textOf(subject, [
        field('id'),
        field('price', { type: 'record', name: 'Money', fields: [field('cents', 'long')] }),
      ]);
      const id = await open().register(subject, avro);
      const turned = turnedAround(JSON.parse(avro));
      for (const spelled of [JSON.stringify(JSON.parse(avro), null, 2), JSON.stringify(turned)]) {
        assert.equal(await open().find(subject, spelled), id);
        assert.equal(await open().register(subject, spelled), id);
      }
      assert.equal((await open().versions(subject)).length, 1);
    },
  },
  ...(
    [
      ['a doc', { doc: 'what it is' }, {}],
      ['the doc of a field', {}, { doc: 'what it is' }],
      ['a default', {}, { default: 'none' }],
      ['a logical type', {}, { type: { type: 'string', logicalType: 'uuid' } }],
      ['the alias of a field', {}, { aliases: ['former'] }],
      ['an alias', { aliases: ['Former'] }, {}],
      ['a mark of ours', { subject: 'id' }, {}],
      ['a mark of ours on a type', {}, { type: { type: 'string', personal: true, erasedAs: 'x' } }],
    ] as const
  ).map(([what, ofRecord, ofField]): RegistryCase => ({
    title: `A4 ${what} is part of what a text says: with it it is another text, with an id of its own`,
    run: async () => {
      const subject = newSubject();
      const [plain, with_] = [textOf(subject), textOf(subject, [field('id', 'string', ofField)], ofRecord)];
      const id = await open().register(subject, plain);
      await setRule(subject, 'NONE');
      assert.equal(await open().find(subject, with_), undefined);
      const other = await open().register(subject, with_);
      assert.notEqual(other, id);
      assert.equal(await open().find(subject, with_), other);
      assert.equal(await open().find(subject, plain), id);
      assert.equal(await open().schema(other), with_);
      assert.deepEqual(
        (await open().versions(subject)).map(({ version, avro }) => [version, avro]),
        [
          [1, plain],
          [2, with_],
        ],
      );
    },
  })),
  {
    title: 'the same text has the same id under every subject, and is registered under each by itself',
    run: async () => {
      const [one, other] = [newSubject(), newSubject()];
      const id = await open().register(one, textOf(one));
      assert.equal(await open().find(other, textOf(one)), undefined);
      assert.equal(await open().register(other, textOf(one)), id);
    },
  },
  {
    title: 'versions are counted within a subject, in the order they were registered',
    run: async () => {
      const subject = newSubject();
      await setRule(subject, 'FULL_TRANSITIVE');
      const texts = [1, 2, 3].map((n) =>
        textOf(
          subject,
          Array.from({ length: n }, (_, i) => field(`f${i}`, 'string', { default: '' })),
        ),
      );
      const ids: number[] = [];
      for (const avro of texts) ids.push(await open().register(subject, avro));
      const expected = texts.map((avro, i) => ({ id: ids[i], version: i + 1, avro }));
      assert.deepEqual(await open().versions(subject), expected);
    },
  },
  {
    title: 'many that register one text at once through one client get one id and make one version',
    run: async () => {
      const [registry, subject] = [open(), newSubject()];
      const ids = await Promise.all(Array.from({ length: 8 }, () => registry.register(subject, textOf(subject))));
      const [id] = ids;
      assert.deepEqual(
        ids,
        ids.map(() => id),
      );
      assert.deepEqual(await open().versions(subject), [{ id, version: 1, avro: textOf(subject) }]);
    },
  },
  {
    title: 'many clients that register one text at once get one id, and no version has another one',
    run: async () => {
      const subject = newSubject();
      const ids = await Promise.all(Array.from({ length: 8 }, () => open().register(subject, textOf(subject))));
      const versions = await open().versions(subject);
      assert.deepEqual(new Set([...ids, ...versions.map(({ id }) => id)]), new Set([ids[0]]));
      assert.equal(await open().find(subject, textOf(subject)), ids[0]);
      if (notesOnce) assert.equal(versions.length, 1);
    },
  },
  {
    title: 'what the subject’s rule forbids is not registered',
    run: async () => {
      const subject = newSubject();
      await open().register(subject, textOf(subject));
      await setRule(subject, 'BACKWARD');
      const refused = open().register(subject, textOf(subject, [field('id'), field('more')]));
      await assert.rejects(refused, code('LF_SCHEMA_INCOMPATIBLE'));
      await assert.rejects(refused, { message: new RegExp(subject), retryable: false });
      assert.equal((await open().versions(subject)).length, 1);
    },
  },
  {
    title: 'the rule of a subject is told, before and after its first text',
    run: async () => {
      const subject = newSubject();
      await open().register(subject, textOf(subject));
      for (const rule of ['BACKWARD', 'FULL', 'FORWARD_TRANSITIVE'] as const) {
        await setRule(subject, rule);
        assert.equal(await open().compatibility(subject), rule);
      }
    },
  },
  {
    title: 'A2 registering leaves the rule of the subject as it was',
    run: async () => {
      const subject = newSubject();
      await open().register(subject, textOf(subject));
      await setRule(subject, 'FORWARD');
      await open().register(subject, textOf(subject, [field('id'), field('more')]));
      assert.equal(await open().compatibility(subject), 'FORWARD');
    },
  },
  {
    title: 'what is no schema is refused, and is not found either',
    run: async () => {
      const subject = newSubject();
      for (const avro of [
        '',
        '{',
        '"strin"',
        '{"type":"recrd","name":"A","fields":[]}',
        '{"type":"record","name":"A"}',
      ]) {
        const refused = open().register(subject, avro);
        await assert.rejects(refused, code('LF_SCHEMA_REFUSED'), avro);
        assert.equal(await open().find(subject, avro), undefined);
      }
      assert.deepEqual(await open().versions(subject), []);
    },
  },
  {
    title: 'a number that can be no id was never given out',
    run: async () => {
      for (const id of [0, -1, 1.5, Number.NaN, 2 ** 31, 2 ** 32 - 1]) assert.equal(await open().schema(id), undefined);
    },
  },
  {
    title: 'a subject that can be none is refused everywhere',
    run: async () => {
      const registry = open();
      for (const subject of ['', '.', '..', 'a\nb', 'a\u0000b', '\ud800', 'a'.repeat(201)]) {
        const refusal = code('LF_SUBJECT_INVALID');
        await assert.rejects(async () => registry.find(subject, textOf('n.A')), refusal);
        await assert.rejects(async () => registry.versions(subject), refusal);
        await assert.rejects(async () => registry.compatibility(subject), refusal);
        await assert.rejects(async () => registry.register(subject, textOf('n.A')), refusal);
      }
    },
  },
  {
    title: 'whoever has given up asking is told so, with his own reason',
    run: async () => {
      const [registry, reason] = [open(), new Error('enough')];
      const signal = AbortSignal.abort(reason);
      await assert.rejects(registry.find('n.A', textOf('n.A'), { signal }), reason);
      await assert.rejects(registry.schema(2_147_483_646, { signal }), reason);
    },
  },
];

/** The same with the attributes of every object in the opposite order. */
function turnedAround(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(turnedAround);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).reverse();
  return Object.fromEntries(entries.map(([name, value]) => [name, turnedAround(value)]));
}
