// What tells of a released text that is gone: later versions, and the committed contracts.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, event, t, type AnyEventType } from '@leftfold/core';
import { schemaProgram } from '@leftfold/avro';
import { emptyFolder, eventOf, filesIn } from './release-folder.ts';

/** A service with contracts: its program, and where its files are. */
function service() {
  const root = emptyFolder();
  const folder = join(root, 'schemas');
  const contracts = { folder: join(root, 'contracts'), service: 'shop', version: '1', topic: (name: string) => name };
  const run = async (types: readonly AnyEventType[], ...argv: readonly string[]) => {
    const lines: string[] = [];
    const io = { out: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };
    const code = await schemaProgram(argv, { catalogue: catalogue(...types), folder, contracts }, io);
    return { code, text: lines.join('\n'), lines };
  };
  const released = async (...types: readonly AnyEventType[]) => {
    for (const command of ['push', 'golden', 'contracts']) expect(await run(types, command)).toMatchObject({ code: 0 });
    expect(await run(types, 'check', '--released')).toMatchObject({ code: 0 });
  };
  const lose = (subject: string) => rm(join(folder, subject), { recursive: true });
  return { root, folder, contracts, run, released, lose };
}

const placed = eventOf('shop.order.placed', { cents: t.long() });
const shipped = (id: t.AnySchema): AnyEventType => eventOf('shop.order.shipped', { id });

test('an event that went with its folder and came back changed is refused by each command: the contracts name it', async () => {
  const { root, run, released, lose } = service();
  await released(placed, shipped(t.uuid()));
  await lose('shop.order.Shipped');
  const before = await filesIn(root);
  const changed = [placed, shipped(t.string())];
  for (const command of ['check', 'push', 'contracts']) {
    const { code, text } = await run(changed, command);
    expect(code).toBe(1);
    expect(text).toMatch(
      /schemas\/shop\.order\.Shipped: error: shop\.order\.shipped v1: the contracts name it, and its released text is gone; restore it from git; .* \[text-gone\]/,
    );
    expect(text).not.toContain('[unreleased]');
  }
  // Nor does it help to drop the definition.
  for (const command of ['check', 'push', 'contracts']) {
    const { code, text } = await run([placed], command);
    expect(code).toBe(1);
    expect(text).toContain('shop.order.shipped v1: the contracts name it');
  }
  expect(await filesIn(root)).toEqual(before);
});

test('the contracts know a renamed event by its new name, and its texts by theirs', async () => {
  const { folder, run, released, lose } = service();
  await released(placed);
  const renamed = eventOf('shop.order.submitted', { cents: t.long() }, { aliases: ['shop.order.placed'] });
  await released(renamed);
  await lose('shop.order.Submitted');
  // It has results of the text.
  await rm(join(folder, 'shop.order.Placed/1.golden.json'));
  expect((await run([renamed], 'push')).text).toContain('shop.order.submitted v1: the contracts name it');
});

test('contracts that a merge broke are no witness, and no fault of a push', async () => {
  const { contracts, run, released } = service();
  await released(placed);
  await writeFile(join(contracts.folder, 'asyncapi.json'), '<<<<<<< ours');
  expect(await run([placed], 'push')).toMatchObject({ code: 0 });
  expect(await run([placed], 'check')).toMatchObject({ code: 1 });
  await released(placed);
});

test('contracts say what is released alone: before the push they are refused, with what comes first', async () => {
  const { root, run, released } = service();
  const early = await run([placed], 'contracts');
  expect(early.code).toBe(1);
  expect(early.text).toContain('shop.order.placed v1: this event is not released yet');
  expect(early.lines.at(-1)).toMatch(/^nothing was written: .*; first push, then golden, then contracts$/);
  expect(await filesIn(root)).toEqual(new Map());
  await released(placed);
  const before = await filesIn(root);
  const bad = await run([eventOf('shop.order.placed', { cents: t.string() })], 'contracts');
  expect(bad.code).toBe(1);
  expect(bad.text).toContain('[type]');
  expect(bad.lines.at(-1)).toMatch(/^nothing was written: .*; first mend what check tells, then contracts$/);
  expect(await filesIn(root)).toEqual(before);
});

const twice = (): AnyEventType =>
  event('shop.order.paid', { id: t.uuid() }, { private: true }).version(2, { id: t.uuid() }, { up: (old) => old });

test('a version that is missing below a released one was lost', async () => {
  const { root, run, released, lose } = service();
  await released(placed, twice());
  await lose('shop.order.Paid');
  const before = await filesIn(root);
  for (const command of ['check', 'push', 'contracts']) {
    const { code, lines } = await run([placed, twice()], command);
    expect(code).toBe(1);
    expect(lines[0]).toMatch(
      /shop\.order\.Paid: error: shop\.order\.paid v1: version 2 is released, and version 1 is not: .*gone; restore it from git; .* \[version-gap\]/,
    );
    expect(lines.filter((line) => line.includes('shop.order.paid'))).toHaveLength(1);
  }
  expect(await filesIn(root)).toEqual(before);
});

test('one that is missing under the former name of a renamed event, too', async () => {
  const { run, released, lose } = service();
  await released(twice());
  const renamed = (): AnyEventType =>
    event('shop.order.settled', { id: t.uuid() }, { private: true, aliases: ['shop.order.paid'] }).version(
      2,
      { id: t.uuid() },
      { up: (old) => old },
    );
  await released(renamed());
  await lose('shop.order.Paid');
  const { code, text } = await run([renamed()], 'push');
  expect(code).toBe(1);
  expect(text).toMatch(/shop\.order\.Paid: error: shop\.order\.settled v1: .*\[version-gap\]/);
});

test('results of samples are not told beside the incompatible text that they follow from', async () => {
  const { run, released } = service();
  await released(placed);
  const { text } = await run([eventOf('shop.order.placed', { cents: t.string() })], 'check');
  expect(text).toContain('[type]');
  expect(text).not.toContain('[golden-');
});

test('that the text itself was edited is told beside it, being the reason', async () => {
  const { folder, run, released } = service();
  await released(placed);
  const path = join(folder, 'shop.order.Placed/1.avsc');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"long"', '"string"'));
  for (const command of ['check', 'contracts']) {
    const { code, text } = await run([placed], command);
    expect(code).toBe(1);
    expect(text).toContain('[type]');
    expect(text).toMatch(/1\.golden\.json:1:1: error: .*the text 1\.avsc is not the one that this was written for/);
  }
});

test('an event that no definition has is named with its version', async () => {
  const { run, released } = service();
  await released(
    placed,
    twice(),
    eventOf('my-shop.order.payment-added', {}),
    eventOf('shop.order.level-2-reached', {}),
  );
  const { text } = await run([placed], 'check');
  expect(text).toMatch(/: shop\.order\.paid v1: it is released, and no definition has it/);
  expect(text).toMatch(/: shop\.order\.paid v2: it is released/);
  expect(text).toMatch(/: shop\.order\.level-2-reached v1: it is released/);
  expect(text).toMatch(/my_shop\.order\.PaymentAdded: error: my-shop\.order\.payment-added v1: it is released/);
});
