import { readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { catalogue, t, type AnyEventType } from '@leftfold/core';
import { fileRegistry, pushSchemas, writeGolden } from '@leftfold/avro';
import { emptyFolder, eventOf, failingCases, filesIn } from './release-folder.ts';

type Forms = readonly [bare: t.AnySchema, value: unknown, byDefault: t.AnySchema, byAnother: t.AnySchema];
function forms<T>(schema: t.Schema<T>, value: T, one: NoInfer<T>, other: NoInfer<T>): Forms {
  return [schema, value, t.withDefault(schema, one), t.withDefault(schema, other)];
}

/** What the field `name` can be; its memory value for upcasters; a default, another one. */
const kindsOf = (name: string) => {
  const maybe = t.nullable(t.int());
  return {
    int: forms(t.int(), 3, 5, 6),
    long: forms(t.long(), 4n, 5n, 6n),
    double: forms(t.double(), 1.5, 5, 6),
    text: forms(t.string(), 'x', 'd', 'e'),
    maybe: [maybe, null, maybe, maybe],
    two: forms(t.enum(`E_${name}`, ['a', 'b']), 'b', 'a', 'b'),
    three: forms(t.enum(`E_${name}`, ['c', 'b', 'a']), 'b', 'c', 'a'),
    day: forms(t.date(), '2026-11-22', '2026-01-01', '2026-01-02'),
    list: forms(t.array(t.int()), [1], [], [1]),
    nested: forms(t.record(`N_${name}`, { n: t.int() }), { n: 1 }, { n: 1 }, { n: 2 }),
    nestedMore: forms(
      t.record(`N_${name}`, { n: t.int(), m: t.nullable(t.string()) }),
      { n: 1, m: 'm' },
      { n: 1, m: null },
      { n: 2, m: null },
    ),
  } satisfies { readonly [kind: string]: Forms };
};
const kinds = { a: kindsOf('a'), b: kindsOf('b'), c: kindsOf('c'), d: kindsOf('d') };
type Name = keyof typeof kinds;
type Kind = keyof (typeof kinds)[Name];

/** `form` 0: no default; 1, 2: two defaults. */
interface Member {
  readonly kind: Kind;
  readonly form: 0 | 1 | 2;
}
type Shape = ReadonlyMap<Name, Member>;

const fieldsOf = (shape: Shape): t.Fields =>
  Object.fromEntries(
    [...shape].map(([name, { kind, form }]) => [name, kinds[name][kind][form === 0 ? 0 : form + 1]]),
  ) as t.Fields;

/** Upcasters give what is the same for kinds that are read as each other: a push cannot know when an upcaster begins to mean something else. */
function typeOf(versions: readonly Shape[]): AnyEventType {
  const [first = new Map(), ...later] = versions;
  let type = eventOf('shop.order.placed', fieldsOf(first));
  for (const [i, shape] of later.entries()) {
    const up = (): object => Object.fromEntries([...shape].map(([name, { kind }]) => [name, kinds[name][kind][1]]));
    type = (type.version as unknown as (n: number, fields: t.Fields, options: object) => AnyEventType)(
      i + 2,
      fieldsOf(shape),
      { up },
    );
  }
  return type;
}

const names = fc.constantFrom(...(Object.keys(kinds) as Name[]));
const member = fc.record({
  kind: fc.constantFrom(...(Object.keys(kinds.a) as Kind[])),
  form: fc.constantFrom(0 as const, 1 as const, 2 as const),
});
/** One edit of the definition; `at` picks the version, and one in five adds a version. */
const step = fc.record({
  at: fc.nat(9),
  isNewVersion: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  set: fc.option(fc.tuple(names, member)),
  remove: fc.option(names),
  isReordered: fc.boolean(),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function edited(versions: readonly Shape[], { at, isNewVersion, set, remove, isReordered }: Step): readonly Shape[] {
  const index = isNewVersion ? versions.length : at % versions.length;
  const fields = [...(versions[Math.min(index, versions.length - 1)] ?? [])].filter(
    ([name]) => name !== remove && name !== set?.[0],
  );
  if (set !== null) fields.push(set);
  if (isReordered) fields.reverse();
  return versions
    .map((shape, i) => (i === index ? new Map(fields) : shape))
    .concat(isNewVersion ? [new Map(fields)] : []);
}

test.each(['FULL_TRANSITIVE', 'BACKWARD_TRANSITIVE'])(
  'under %s, whatever a push accepted is replayed from the golden corpus, and what it refused left no trace',
  async (mode) => {
    const folder = emptyFolder();
    const seen = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'compatibility.json'), JSON.stringify({ default: mode }));
        let versions: readonly Shape[] = [new Map([['a', { kind: 'int', form: 0 }]])];
        for (const one of [undefined, ...steps]) {
          const next = one === undefined ? versions : edited(versions, one);
          const type = typeOf(next);
          const before = await filesIn(folder);
          const outcome = await pushSchemas(catalogue(type), fileRegistry(folder), { exclusive: true });
          seen[outcome.kind === 'pushed' ? 'accepted' : 'refused'] += 1;
          if (outcome.kind === 'refused') {
            expect(await filesIn(folder)).toEqual(before);
            continue;
          }
          await writeGolden(catalogue(type), folder);
          versions = next;
        }
        expect(await failingCases(folder, typeOf(versions))).toEqual([]);
      }),
      { numRuns: 25 },
    );
    // A property over nothing but refusals would say nothing.
    expect(seen.accepted).toBeGreaterThan(40);
    expect(seen.refused).toBeGreaterThan(10);
  },
);
