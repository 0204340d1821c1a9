import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, event, t, type AnyEventType, type NewEvent } from '@leftfold/core';
import { GoldenChanged, writeGolden } from '@leftfold/avro';
import { emptyFolder, eventOf, failingCases, filesIn, push, release } from './release-folder.ts';

const Currency = t.enum('Currency', ['EUR', 'USD', 'CHF']);
const Money = t.record('Money', { cents: t.integer(), currency: Currency });
const NAME = 'shop.order.placed';
const GOLDEN = 'shop.order.Placed/1.golden.json';

interface Cents {
  readonly cents: number;
}
const cents = ({ cents: total }: Cents): object => ({ total: { cents: total, currency: 'EUR' }, note: null });
/** Version 1, and version 2 with an upcaster that may be a bad one. */
const first = (): AnyEventType => event(NAME, { cents: t.integer() });
function second(up: (old: Cents) => object = cents, more: t.Fields = {}): AnyEventType {
  const fields = { total: Money, note: t.nullable(t.string()), ...more };
  const type = event(NAME, { cents: t.integer() }).version(2, fields, { up: up as never });
  return type;
}
const changed = async (folder: string, type: AnyEventType): Promise<string> =>
  writeGolden(catalogue(type), folder).then(
    () => 'written',
    (error: unknown) => (error instanceof GoldenChanged ? error.message : String(error)),
  );

test('each released text has its samples, their bytes, and what later texts make of them', async () => {
  const folder = emptyFolder();
  await release(folder, second());
  const golden = JSON.parse((await filesIn(folder)).get(GOLDEN) ?? '') as object;
  expect(golden).toMatchObject({ text: '1.avsc' });
  expect(golden).toHaveProperty('samples.0', {
    name: 'turn-1',
    json: { cents: '1742' },
    avro: '9c1b',
    as: { 'shop.order.PlacedV2/1': { total: { cents: '1742', currency: 'EUR' }, note: null } },
  });
  const samples = (golden as { samples: readonly { name: string; json: object }[] }).samples;
  expect(samples.find(({ name }) => name === 'greatest')?.json).toEqual({ cents: '1000000000000' });
  expect(await failingCases(folder, second())).toEqual([]);
});

test('a later version may count in cents what was sampled in euros', async () => {
  const folder = emptyFolder();
  const euros = event(NAME, { total: t.double() });
  await release(folder, euros);
  const cents = euros.version(2, { cents: t.integer() }, { up: ({ total }) => ({ cents: Math.round(total * 100) }) });
  await release(folder, cents);
  expect(await failingCases(folder, cents)).toEqual([]);
});

test('a second call writes nothing', async () => {
  const folder = emptyFolder();
  await release(folder, second());
  const files = await filesIn(folder);
  expect(await writeGolden(catalogue(second()), folder)).toEqual({ written: [], complete: 2, leftOut: [] });
  expect(await filesIn(folder)).toEqual(files);
});

test('a further version and a further revision add their results, and change no line', async () => {
  const folder = emptyFolder();
  await release(folder, first());
  const stages = [second(), second(cents, { tag: t.withDefault(t.string(), 'none') })];
  // TypeScript makes an upcaster give every field; here it is the schema that asks.
  stages[1] = second((old) => ({ ...cents(old), tag: 'old' }), { tag: t.withDefault(t.string(), 'none') });
  let lines = (await filesIn(folder)).get(GOLDEN)?.split('\n') ?? [];
  for (const type of stages) {
    await push(folder, type);
    expect((await failingCases(folder, type)).join()).toContain('lacks');
    await writeGolden(catalogue(type), folder);
    const now = (await filesIn(folder)).get(GOLDEN)?.split('\n') ?? [];
    const bare = (line: string): string => line.replace(/,$/, '').replace('"as": {}', '"as": {');
    expect(now.length).toBeGreaterThan(lines.length);
    expect(lines.map(bare).filter((line) => !now.map(bare).includes(line))).toEqual([]);
    expect(await failingCases(folder, type)).toEqual([]);
    lines = now;
  }
  expect(lines.join('\n')).toContain(
    '"shop.order.PlacedV2/2": {"total":{"cents":"1742","currency":"EUR"},"note":null,"tag":"old"}',
  );
});

const planted: readonly [title: string, up: (old: Cents) => object, says: string][] = [
  ['gives another result', ({ cents: n }) => cents({ cents: n + 1 }), 'another result than recorded, at total.cents'],
  [
    'gives another symbol',
    (old) => ({ ...cents(old), total: { cents: old.cents, currency: 'USD' } }),
    'at total.currency',
  ],
  [
    'throws',
    () => {
      throw new RangeError('no');
    },
    'from version 1 to 2 failed; make it total and deploy again (RangeError: no)',
  ],
  [
    'answers otherwise each time',
    (old) => ({ ...cents(old), note: String(Math.random()) }),
    'came to two results for one payload',
  ],
  [
    'changes the payload it is given',
    (old) => {
      (old as { cents: number }).cents = 0;
      return cents(old);
    },
    'changes the payload it is given',
  ],
  [
    'gives what its version does not take',
    () => ({ total: null, note: null }),
    'returns what does not fit: total expected an object',
  ],
  ['leaves a field out', () => ({ note: null }), 'total is missing'],
  ['gives a promise', () => Promise.resolve({}), 'answered with a promise'],
];

test.each(planted)('an upcaster that %s is found, by the command and by the cases', async (_, up, says) => {
  const folder = emptyFolder();
  await release(folder, second());
  const files = await filesIn(folder);
  expect(await changed(folder, second(up))).toContain(says);
  expect((await failingCases(folder, second(up))).join('\n')).toContain(says);
  expect(await filesIn(folder)).toEqual(files);
});

test('an upcaster that changes a Date of its input is found, though a Date cannot be frozen', async () => {
  const folder = emptyFolder();
  const v2 = (up: (old: { at: Date }) => object): AnyEventType =>
    event(NAME, { at: t.timestampMillis() }).version(2, { day: t.string() }, { up: up as never });
  await release(
    folder,
    v2(({ at }) => ({ day: at.toISOString() })),
  );
  const bad = v2(({ at }) => {
    const day = at.toISOString();
    at.setTime(0);
    return { day };
  });
  expect(await changed(folder, bad)).toContain('changes the payload it is given');
});

const edits: readonly [title: string, file: string, from: RegExp, to: string, says: string][] = [
  ['a released text', 'shop.order.Placed/1.avsc', /"long"/, '"int"', '1.avsc is not the one'],
  ['recorded bytes', GOLDEN, /9c1b/, '9c1d', 'other Avro bytes than recorded'],
  ['a recorded result', GOLDEN, /"total":\{"cents":"1742"/, '"total":{"cents":"1"', 'another result than recorded'],
  ['a recorded value', GOLDEN, /"json": \{"cents":"1742"\}/, '"json": {"cents":"x"}', 'does not read it'],
  ['a fingerprint', GOLDEN, /"fingerprint": "../, '"fingerprint": "zz', '1.avsc is not the one'],
  ['half of a file', GOLDEN, /"samples"[\s\S]*/, '', 'is no golden file'],
];

test.each(edits)('%s that was edited is found', async (_, file, from, to, says) => {
  const folder = emptyFolder();
  await release(folder, second());
  const path = join(folder, file);
  const text = await readFile(path, 'utf8');
  expect(text).toMatch(from);
  await writeFile(path, text.replace(from, to));
  expect(await changed(folder, second())).toContain(says);
  expect(await failingCases(folder, second())).not.toEqual([]);
});

test('a text without its golden file, a removed version and an empty folder fail a case', async () => {
  const folder = emptyFolder();
  expect((await failingCases(folder, second())).join()).toContain('no released texts');
  await release(folder, second());
  expect((await failingCases(folder, first())).join()).toContain('no definition has shop.order.PlacedV2/1 any more');
  await rm(join(folder, GOLDEN));
  expect((await failingCases(folder, second())).join()).toContain('the golden file of shop.order.Placed/1 is missing');
});

test('a text that was removed is told by its golden file', async () => {
  const folder = emptyFolder();
  const further = eventOf(NAME, { cents: t.integer(), note: t.nullable(t.string()) });
  await release(folder, first());
  await release(folder, further);
  await rm(join(folder, 'shop.order.Placed/2.avsc'));
  expect(await changed(folder, first())).toContain('revision 2 was released, and its text is gone');
  expect((await failingCases(folder, first())).join()).toContain('its text is gone');
});

test.each([
  ['the latest revision', 'shop.order.Placed/2', (): AnyEventType => first()],
  ['a whole version', 'shop.order.PlacedV2/1', (): AnyEventType => first()],
])(
  '%s that went with its golden file and its definition is told by the files of earlier texts',
  async (_, gone, left) => {
    const folder = emptyFolder();
    await release(folder, first());
    await release(
      folder,
      gone.endsWith('2') ? eventOf(NAME, { cents: t.integer(), note: t.nullable(t.string()) }) : second(),
    );
    for (const ending of ['avsc', 'golden.json']) await rm(join(folder, `${gone}.${ending}`));
    const says = `its text is gone; shop.order.Placed/1 has results of it`;
    expect(await changed(folder, left())).toContain(says);
    expect((await failingCases(folder, left())).join()).toContain(says);
  },
);

test('bytes that another value was encoded to fail a case', async () => {
  const folder = emptyFolder();
  await release(folder, second());
  const path = join(folder, GOLDEN);
  await writeFile(path, (await readFile(path, 'utf8')).replace('9c1b', '9c1d'));
  const failed = await failingCases(folder, second());
  expect(failed.join('\n')).toContain('sample turn-1: its bytes and its JSON are read as different values');
});

test('what was recorded stays as it was recorded, though today’s code could say it in other words', async () => {
  const folder = emptyFolder();
  const more = { note: t.nullable(t.string()) };
  await release(folder, first());
  await release(folder, eventOf(NAME, { cents: t.integer(), ...more }));
  await release(folder, eventOf(NAME, { cents: t.integer(), ...more, tag: t.withDefault(t.string(), '') }));
  const before = (await filesIn(folder)).get(GOLDEN) ?? '';
  // Without the field, its recorded values cannot be said any more.
  const path = join(folder, GOLDEN);
  const recorded = before.replaceAll('"note":null', '"note":"once"');
  expect(recorded).not.toBe(before);
  await writeFile(path, recorded);
  await release(
    folder,
    eventOf(NAME, { cents: t.integer(), tag: t.withDefault(t.string(), ''), by: t.nullable(t.int()) }),
  );
  const now = (await filesIn(folder)).get(GOLDEN) ?? '';
  expect(now).toContain('"shop.order.Placed/4"');
  expect(now.split('"note":"once"')).toHaveLength(recorded.split('"note":"once"').length);
});

test('what many samples show is told once, with its field', async () => {
  const folder = emptyFolder();
  await release(folder, second());
  const found = await writeGolden(catalogue(second((old) => ({ ...cents(old), note: 'x' }))), folder).catch(
    (error: unknown) => (error as GoldenChanged).findings,
  );
  expect(found).toMatchObject([{ subject: 'shop.order.Placed', revision: 1, field: 'note' }]);
  expect(found).toHaveProperty('0.message', expect.stringMatching(/^sample turn-1 and [2-9] more: as .*, at note$/));
});

test('a revision that the rule forbids fails a case, though today reads both', async () => {
  const folder = emptyFolder();
  await release(folder, first());
  const text = await readFile(join(folder, 'shop.order.Placed/1.avsc'), 'utf8');
  await writeFile(join(folder, 'shop.order.Placed/2.avsc'), text.replace('"long"', '"int"'));
  const failed = (await failingCases(folder, first())).join('\n');
  expect(failed).toContain("shop.order.Placed: each revision obeys the subject's rule");
  expect(failed).toContain('[type]');
});

test('what an upcaster cannot take of generated values is left out, and told', async () => {
  const folder = emptyFolder();
  const positive = second(({ cents: n }) => {
    if (n < 0) throw new RangeError('negative');
    return cents({ cents: n });
  });
  await push(folder, positive);
  const { leftOut } = await writeGolden(catalogue(positive), folder);
  expect(leftOut).toEqual([]);
  const samples = ((await filesIn(folder)).get(GOLDEN) ?? '').match(/"json": .*/g);
  expect(samples).toContain('"json": {"cents":"0"},');
});

test('values that somebody gives stand beside generated ones, or in their place', async () => {
  const folder = emptyFolder();
  const coded = event(NAME, { code: t.string({ pattern: /[A-Z]-[0-9]+/ }) }).version(
    2,
    { letter: t.string(), number: t.integer() },
    {
      up: ({ code }) => {
        const [letter = '', number = ''] = code.split('-');
        return { letter, number: Number.parseInt(number, 10) };
      },
    },
  );
  await push(folder, coded);
  const types = catalogue(coded);
  await expect(writeGolden(types, folder)).rejects.toThrow('no sample can be read');
  expect([...(await filesIn(folder)).keys()].filter((name) => name.endsWith('.json'))).toEqual([]);
  const samples: readonly NewEvent[] = [coded.at(1, { code: 'A-17' })];
  const { leftOut } = await writeGolden(types, folder, { samples });
  expect(leftOut.length).toBeGreaterThan(0);
  expect((await filesIn(folder)).get(GOLDEN)).toContain('"shop.order.PlacedV2/1": {"letter":"A","number":"17"}');
  expect((await writeGolden(types, folder, { samples })).written).toEqual([]);
  expect(await failingCases(folder, coded)).toEqual([]);
  await expect(writeGolden(types, folder, { samples: [coded.at(1, { code: '' })] })).rejects.toMatchObject({
    code: 'LF_EVENT_INVALID',
  });
});

test('a renamed type keeps the corpus of its former name, and its results go on', async () => {
  const folder = emptyFolder();
  await release(folder, second());
  const before = (await filesIn(folder)).get(GOLDEN)?.split('\n') ?? [];
  const renamed = event('shop.order.submitted', { cents: t.integer() }, { aliases: [NAME] }).version(
    2,
    { total: Money, note: t.nullable(t.string()) },
    { up: cents as never },
  );
  await release(folder, renamed);
  const golden = (await filesIn(folder)).get(GOLDEN) ?? '';
  const bare = (line: string): string => line.replace(/,$/, '');
  expect(before.map(bare).filter((line) => !golden.split('\n').map(bare).includes(line))).toEqual([]);
  expect(golden).toContain('"shop.order.SubmittedV2/1"');
  expect(await failingCases(folder, renamed)).toEqual([]);
});
