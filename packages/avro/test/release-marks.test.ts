// Marks of personal data, which no rule of compatibility knows.
import { expect, test } from 'vitest';
import { catalogue, t, type AnyEventType } from '@leftfold/core';
import { checkRelease, fileRegistry, pushSchemas } from '@leftfold/avro';
import { emptyFolder, eventOf, push } from './release-folder.ts';

const personal = (erasedAs: string): t.AnySchema => t.personal(t.string(), { erasedAs });
const of = (email: t.AnySchema, options: object): AnyEventType =>
  eventOf(
    'shop.user.invited',
    { userId: t.string(), hostId: t.string(), contact: t.record('Contact', { email }) },
    options,
  );
const released = of(personal(''), { subject: 'userId' });

async function found(before: readonly AnyEventType[], after: AnyEventType) {
  const folder = emptyFolder();
  for (const type of before) await push(folder, type);
  const { faults } = await checkRelease(catalogue(after), fileRegistry(folder), { exclusive: true });
  const outcome = await pushSchemas(catalogue(after), fileRegistry(folder), { exclusive: true });
  expect(outcome.kind).toBe(faults.length === 0 ? 'pushed' : 'refused');
  return faults;
}

test.each([
  [
    'no personal field any more',
    of(t.string(), { subject: 'userId' }),
    'contact.email',
    'personal-removed',
    'mark it again',
  ],
  [
    'the data of another person',
    of(personal(''), { subject: 'hostId' }),
    'userId',
    'subject-changed',
    "keep subject: 'userId'",
  ],
  [
    'another text for who is erased',
    of(personal('(gone)'), { subject: 'userId' }),
    'contact.email',
    'erased-as-changed',
    'keep the erasedAs',
  ],
])('a revision with %s is refused', async (_, after, field, rule, remedy) => {
  const faults = await found([released], after);
  expect(faults).toMatchObject([
    {
      kind: 'incompatible',
      event: 'shop.user.invited',
      version: 1,
      subject: 'shop.user.Invited',
      revision: 1,
      field,
      rule,
    },
  ]);
  expect(faults[0]?.remedy).toContain(remedy);
});

test('with its mark an event loses its subject, and both are told', async () => {
  const faults = await found([released], of(t.string(), {}));
  expect(faults.map(({ rule }) => rule)).toEqual(['subject-changed', 'personal-removed']);
});

test('a field may become personal, and go', async () => {
  expect(await found([of(t.string(), {})], released)).toEqual([]);
  const fields = { userId: t.string() };
  const whose: object = { subject: 'userId' };
  const noted = (note: t.AnySchema): AnyEventType => eventOf('shop.user.invited', { ...fields, note }, whose);
  const without = eventOf('shop.user.invited', fields, whose);
  const nullable = noted(t.nullable(personal('')));
  expect(await found([nullable], without)).toEqual([]);
  // What went and comes back is what it was.
  const [back] = await found([nullable, without], noted(t.nullable(t.string())));
  expect(back).toMatchObject({ field: 'note', rule: 'personal-removed', revision: 1 });
});
