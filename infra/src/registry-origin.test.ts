import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findRegistry } from './registry-origin.ts';

let machine = '';
beforeEach(() => void (machine = mkdtempSync(join(tmpdir(), 'leftfold-machine-'))));
afterEach(() => rmSync(machine, { recursive: true, force: true }));

/** A machine that has only these programs, each a line of shell. */
function environment(programs: Record<string, string>, variables: Record<string, string> = {}): NodeJS.ProcessEnv {
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(machine, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(machine, name), 0o755);
  }
  return { PATH: machine, LEFTFOLD_CACHE: join(machine, 'cache'), ...variables };
}

const java = (version: string): string => `echo 'openjdk version "${version}"' >&2`;
const everything = { java: java('21.0.1'), mvn: 'exit 0' };

test('a given registry comes first, its base path is kept without the slash at its end', async () => {
  const env = environment(everything, { LEFTFOLD_REGISTRY_URL: 'http://registry:8081/apis/ccompat/v7/' });
  expect(await findRegistry({ env })).toEqual({ kind: 'given', url: 'http://registry:8081/apis/ccompat/v7' });
});

test('one who will change its settings does not get the given one', async () => {
  const env = environment(everything, { LEFTFOLD_REGISTRY_URL: 'http://registry:8081' });
  const found = await findRegistry({ env, own: true });
  expect(found).toMatchObject({ kind: 'java', java: { release: 21 }, maven: join(machine, 'mvn') });
});

test('Maven is not asked for when the registry is in the cache', async () => {
  const env = environment({ java: java('17.0.1') });
  expect(await findRegistry({ env })).toMatchObject({ kind: 'none', code: 'LF_INFRA_NO_MAVEN' });
  mkdirSync(join(machine, 'cache', 'apicurio-2.6.13.Final'), { recursive: true });
  expect(await findRegistry({ env })).toMatchObject({ kind: 'java', maven: undefined });
});

test.each([
  [{}, 'LF_INFRA_NO_JAVA', 'there is no Java'],
  [{ java: java('11.0.2'), mvn: 'exit 0' }, 'LF_INFRA_JAVA_TOO_OLD', 'Java 11, too old for Apicurio'],
  [{ java: java('17.0.1') }, 'LF_INFRA_NO_MAVEN', 'no Maven'],
])(
  'a machine with %j says in one sentence what is missing, and how to get it',
  async (programs: Record<string, string>, code, reason) => {
    const found = await findRegistry({ env: environment(programs) });
    if (found.kind !== 'none') throw new Error(`found ${found.kind}`);
    expect(found.code).toBe(code);
    expect(found.reason).toContain('there is no schema registry');
    expect(found.reason).toContain(reason);
    expect(found.remedy).toMatch(/Java 17.*Maven.*LEFTFOLD_REGISTRY_URL/);
  },
);

test.each(['registry:8081', 'ftp://someone:secret@registry/', 'http://registry/?a=secret', 'not a url'])(
  'LEFTFOLD_REGISTRY_URL=%s is refused with what it should be, and not repeated',
  async (value) => {
    const refused = findRegistry({ env: environment({}, { LEFTFOLD_REGISTRY_URL: value }) });
    await expect(refused).rejects.toThrow(/http:\/\/host:port\/base(?!.*secret)/);
    await expect(refused).rejects.toMatchObject({ code: 'LF_INFRA_BAD_SETTING' });
  },
);
