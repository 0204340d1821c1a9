import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { catalogue, t, type AnyEventType } from '@leftfold/core';
import { confluentRegistry, fileRegistry, pushSchemas, schemaProgram } from '@leftfold/avro';
import { readSetting, setRule } from './registry-settings.ts';
import { emptyFolder, eventOf, push } from './release-folder.ts';

const url = inject('registryUrl');

/** Names of its own for each test, since the registry is everybody's. */
function service() {
  const namespace = `release${randomUUID().slice(0, 8)}.order`;
  const placed = (fields: t.Fields): AnyEventType => eventOf(`${namespace}.placed`, fields);
  const subject = `${namespace}.Placed`;
  const folder = emptyFolder();
  const run = async (type: AnyEventType, ...argv: readonly string[]): Promise<{ code: number; text: string }> => {
    const lines: string[] = [];
    const io = { out: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };
    const code = await schemaProgram([...argv, '--registry', url], { catalogue: catalogue(type), folder }, io);
    return { code, text: lines.join('\n') };
  };
  return { placed, subject, folder, run, live: confluentRegistry({ url }) };
}

test('A2 a live registry learns every revision of the folder in order, once, and has no rule set behind its back', async () => {
  const { placed, subject, folder, run, live } = service();
  const first = placed({ a: t.int() });
  const second = placed({ a: t.int(), b: t.nullable(t.int()) });
  await push(folder, first);
  await push(folder, second);
  const setting = await readSetting(url);
  expect((await run(second, 'check', '--released')).code).toBe(1);
  expect(await run(second, 'push')).toMatchObject({ code: 0 });
  const texts = async (of: typeof live) => (await of.versions(subject)).map(({ avro }) => JSON.parse(avro) as unknown);
  expect(await texts(live)).toEqual(await texts(fileRegistry(folder)));
  expect((await run(second, 'push')).text).toMatch(/^0 registered/);
  expect(await run(second, 'check', '--released')).toMatchObject({ code: 0 });
  expect(await readSetting(url)).toBe(setting);
  // What a subject without a rule of its own says here; BACKWARD is what others set.
  expect(await readSetting(url, subject)).toMatch(/^(404|200 .*NONE)/);
});

test("the subject's own rule counts, not the folder's", async () => {
  const { placed, subject, run, folder, live } = service();
  await pushSchemas(catalogue(placed({ a: t.int() })), live);
  const further = placed({ a: t.long() });
  await push(folder, further);
  await setRule(url, subject, 'BACKWARD');
  expect(await run(further, 'check')).toMatchObject({ code: 0 });
  await setRule(url, subject, 'FULL');
  const refused = await run(further, 'check');
  expect(refused.code).toBe(1);
  expect(refused.text).toMatch(/Placed\/1: error: .*, a: .*\(FULL\).*\[type\]/);
  const pushed = await run(further, 'push');
  expect(pushed.code).toBe(1);
  expect(pushed.text).toContain('nothing was registered');
  expect(await live.versions(subject)).toHaveLength(1);
});

test('what the registry would take and decoding would not is not pushed', async () => {
  const { placed, subject, live } = service();
  await pushSchemas(catalogue(placed({ sum: t.decimal(9, 2) })), live);
  await setRule(url, subject, 'FULL');
  const outcome = await pushSchemas(catalogue(placed({ sum: t.decimal(9, 3) })), live);
  expect(outcome).toMatchObject({ kind: 'refused', faults: [{ rule: 'decimal-scale' }, { rule: 'decimal-scale' }] });
  expect(await live.versions(subject)).toHaveLength(1);
});
