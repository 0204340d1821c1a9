import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { staleContracts, writeContracts } from '@leftfold/avro';
import { catalogue } from '@leftfold/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OPTIONS, order, SHOP } from './contracts-catalogue.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'contracts-')), 'made', 'here');
});
afterEach(() => rm(join(folder, '..', '..'), { recursive: true }));

test('contracts are written into a folder that need not be there', async () => {
  expect(await writeContracts(SHOP, folder, OPTIONS)).toEqual(['asyncapi.json', 'catalogue.md']);
  expect(await readdir(folder)).toEqual(['asyncapi.json', 'catalogue.md']);
  expect(JSON.parse(await readFile(join(folder, 'asyncapi.json'), 'utf8'))).toMatchObject({ asyncapi: '3.0.0' });
  expect(await staleContracts(SHOP, folder, OPTIONS)).toEqual([]);
});
test('contracts that are there are not written again, nor is anything else in the folder touched', async () => {
  await writeContracts(SHOP, folder, OPTIONS);
  await writeFile(join(folder, 'README.md'), 'mine');
  const before = await stat(join(folder, 'catalogue.md'), { bigint: true });
  expect(await writeContracts(SHOP, folder, OPTIONS)).toEqual([]);
  expect((await stat(join(folder, 'catalogue.md'), { bigint: true })).mtimeNs).toBe(before.mtimeNs);
  expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('mine');
});
test('contracts that are absent, edited by hand or of older definitions are found, and finding them writes nothing', async () => {
  expect(await staleContracts(SHOP, folder, OPTIONS)).toEqual(['asyncapi.json', 'catalogue.md']);
  await writeContracts(SHOP, folder, OPTIONS);
  expect(await staleContracts(catalogue(order), folder, OPTIONS)).toEqual(['asyncapi.json', 'catalogue.md']);
  expect(await staleContracts(SHOP, folder, { ...OPTIONS, version: '2.0.0' })).toEqual([
    'asyncapi.json',
    'catalogue.md',
  ]);
  await appendFile(join(folder, 'catalogue.md'), 'A note.\n');
  expect(await staleContracts(SHOP, folder, OPTIONS)).toEqual(['catalogue.md']);
  expect(await writeContracts(SHOP, folder, OPTIONS)).toEqual(['catalogue.md']);
});
test('line ends that a checkout turned are no difference', async () => {
  await writeContracts(SHOP, folder, OPTIONS);
  const file = join(folder, 'catalogue.md');
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'));
  expect(await staleContracts(SHOP, folder, OPTIONS)).toEqual([]);
});
test('a folder that cannot be read is told as it is', async () => {
  await writeContracts(SHOP, folder, OPTIONS);
  await expect(staleContracts(SHOP, join(folder, 'catalogue.md'), OPTIONS)).rejects.toThrow('ENOTDIR');
});
