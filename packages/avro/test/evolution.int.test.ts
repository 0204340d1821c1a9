import { randomUUID } from 'node:crypto';
import { describe, expect, inject, test } from 'vitest';
import { avro, checkRelease, confluentRegistry, type Compatibility } from '@leftfold/avro';
import { catalogue, event } from '@leftfold/core';
import { changes } from './evolution-cases.ts';
import type { Readable } from './evolution-change.ts';
import { sequences } from './evolution-sequences.ts';
import { differences } from './registry-verdicts.ts';
import { decodes, isReadable, textOf, type Text } from './evolution-sides.ts';
import { incompatibilities } from '../src/registry/incompatibilities.ts';
import { COMPATIBILITIES } from '../src/registry/schema-registry.ts';
import { setRule } from './registry-settings.ts';

const url = inject('registryUrl');
const namespace = `evolution${randomUUID().slice(0, 8)}.change`;

const post = async (path: string, { writer }: Text): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(writer.avro), schemaType: 'AVRO' }),
  });

/** What the registry itself says of a further text of a subject under a mode. */
async function allows(subject: string, mode: Compatibility, text: Text): Promise<boolean> {
  await setRule(url, subject, mode);
  const answer = await post(`/compatibility/subjects/${subject}/versions/latest`, text);
  if (!answer.ok) throw new Error(`status ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { readonly is_compatible: boolean }).is_compatible;
}

const readable = (backward: boolean, forward: boolean): Readable =>
  backward ? (forward ? 'both' : 'backward') : forward ? 'forward' : 'neither';

/** What the gate says of a further text of a subject that has one. */
const passes = (before: Text, after: Text, mode: Compatibility): boolean =>
  incompatibilities(after.writer.avro, [{ id: 1, version: 1, avro: JSON.stringify(before.writer.avro) }], mode)
    .length === 0;

/** The modes under which a change passes, by who must read whom: as Confluent's documentation names them. */
const PASSING: Readonly<Record<Readable, readonly Compatibility[]>> = {
  both: COMPATIBILITIES,
  backward: ['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE'],
  forward: ['NONE', 'FORWARD', 'FORWARD_TRANSITIVE'],
  neither: ['NONE'],
};

describe('gate, registry and decoding agree when', () => {
  test.concurrent.each(changes.map((change, i) => ({ ...change, i })))('$title', async (change) => {
    const codec = avro({ registry: url, register: true });
    const [before, after] = [textOf(change.before, namespace, change.i), textOf(change.after, namespace, change.i)];
    await codec.prepare({ writers: [before.writer] });
    const { subject } = before;
    const [backward, forward, full] = [
      await allows(subject, 'BACKWARD', after),
      await allows(subject, 'FORWARD', after),
      await allows(subject, 'FULL', after),
    ];
    await setRule(url, subject, 'NONE');
    await codec.prepare({ writers: [after.writer] });
    const decoded = readable(await decodes(before, after, codec), await decodes(after, before, codec));

    const resolved = readable(isReadable(before, after), isReadable(after, before));
    const gate = COMPATIBILITIES.filter((mode) => passes(before, after, mode));
    expect({ decoded, resolved, gate }).toEqual({
      decoded: change.readable,
      resolved: change.readable,
      gate: PASSING[change.readable],
    });
    expect({ pair: readable(backward, forward), full }).toEqual({
      pair: differences[change.title]?.registry ?? change.readable,
      full: backward && forward,
    });
  });

  test('every difference is about a change, and is one', () => {
    const wrong = Object.entries(differences).filter(
      ([title, { registry }]) => (changes.find((change) => change.title === title)?.readable ?? registry) === registry,
    );
    expect(wrong).toEqual([]);
  });
});

describe('a third text is taken under the very modes that the gate names when', () => {
  test.each(sequences.map((sequence, i) => ({ ...sequence, i })))('$title', async ({ texts, i }) => {
    const verdicts: Record<string, readonly boolean[]> = {};
    for (const [n, mode] of COMPATIBILITIES.entries()) {
      const [first, second, third] = texts.map((side) => textOf(side, namespace, 1000 + 10 * i + n)) as [
        Text,
        Text,
        Text,
      ];
      const { subject } = first;
      await post(`/subjects/${subject}/versions`, first);
      await setRule(url, subject, 'NONE');
      await post(`/subjects/${subject}/versions`, second);
      await setRule(url, subject, mode);
      const earlier = await confluentRegistry({ url }).versions(subject);
      expect(earlier).toHaveLength(2);
      const answer = await post(`/subjects/${subject}/versions`, third);
      expect([200, 409]).toContain(answer.status);
      verdicts[mode] = [answer.ok, incompatibilities(third.writer.avro, earlier, mode).length === 0];
    }
    expect(Object.entries(verdicts).filter(([, [registry, gate]]) => registry !== gate)).toEqual([]);
    // Otherwise the modes were not told apart.
    expect(verdicts['NONE']).toEqual([true, true]);
  });
});

test('a renamed type is read from its former subject, which a registry, going by names alone, would not allow under one', async () => {
  const [former, renamed] = [textOf({ fields: {} }, namespace, 2000), textOf({ fields: {} }, namespace, 2001)];
  await post(`/subjects/${former.subject}/versions`, former);
  expect(await allows(former.subject, 'BACKWARD', renamed)).toBe(false);
  expect(isReadable(former, renamed)).toBe(true);
  const type = event(`${namespace}.case-2001`, {}, { aliases: [`${namespace}.case-2000`] });
  const { faults } = await checkRelease(catalogue(type), confluentRegistry({ url }));
  expect(faults.filter(({ kind }) => kind === 'incompatible')).toEqual([]);
});
