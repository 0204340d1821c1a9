import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildOnce, cacheFolder } from './cache-folder.ts';

describe('the cache folder', () => {
  test('is the own variable before the shared one before the home folder, and an empty one counts as unset', () => {
    expect(cacheFolder({ LEFTFOLD_CACHE: '/own', XDG_CACHE_HOME: '/shared' })).toBe('/own');
    expect(cacheFolder({ LEFTFOLD_CACHE: '', XDG_CACHE_HOME: '/shared' })).toBe(join('/shared', 'leftfold'));
    expect(cacheFolder({ LEFTFOLD_CACHE: 'here' })).toBe(resolve('here'));
    expect(cacheFolder({ XDG_CACHE_HOME: '' })).toBe(join(homedir(), '.cache', 'leftfold'));
  });
});

describe('building once', () => {
  let folder = '';
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'leftfold-cache-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const builder = (content: string, ready: () => Promise<void>) => async (work: string) => {
    const built = join(work, 'built');
    mkdirSync(built);
    writeFileSync(join(built, 'a'), content);
    await ready();
    writeFileSync(join(built, 'b'), content);
    return built;
  };

  test('two that build at the same time leave the whole of one and nothing else', async () => {
    const target = join(folder, 'target');
    const gate = Promise.withResolvers<void>();
    const both = [
      buildOnce(
        target,
        builder('one', () => gate.promise),
      ),
      buildOnce(
        target,
        builder('two', () => gate.promise),
      ),
    ];
    gate.resolve();
    expect(await Promise.all(both)).toEqual([target, target]);
    expect(readdirSync(folder)).toEqual(['target']);
    expect(readFileSync(join(target, 'a'), 'utf8')).toBe(readFileSync(join(target, 'b'), 'utf8'));
  });

  test('what exists is not built again', async () => {
    const target = join(folder, 'target');
    await buildOnce(
      target,
      builder('one', () => Promise.resolve()),
    );
    await buildOnce(target, () => Promise.reject(new Error('built twice')));
    expect(readFileSync(join(target, 'a'), 'utf8')).toBe('one');
  });

  test('a build that fails leaves nothing, so the next one starts anew', async () => {
    const target = join(folder, 'target');
    await expect(
      buildOnce(
        target,
        builder('half', () => Promise.reject(new Error('cut off'))),
      ),
    ).rejects.toThrow('cut off');
    expect(readdirSync(folder)).toEqual([]);
    await buildOnce(
      target,
      builder('whole', () => Promise.resolve()),
    );
    expect(existsSync(join(target, 'b'))).toBe(true);
  });

  test('a cache in which nothing can be written is refused with what to set', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const refused = buildOnce(join(file, 'target'), () => Promise.reject(new Error('built')));
    await expect(refused).rejects.toThrow(`the cache ${file} (EEXIST); set LEFTFOLD_CACHE`);
    await expect(refused).rejects.toMatchObject({ code: 'LF_INFRA_BAD_SETTING' });
  });
});
