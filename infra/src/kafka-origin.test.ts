import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findKafka } from './kafka-origin.ts';

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
const everything = { docker: 'echo 28.2.2', java: java('21.0.1'), mvn: 'exit 0' };
const engineDown = 'echo; echo "Cannot connect to the Docker daemon" >&2; exit 1';

test('given brokers come first, and nothing else is looked for', async () => {
  const env = environment(everything, { LEFTFOLD_KAFKA_BROKERS: 'a:9092, b:9093' });
  expect(await findKafka({ env })).toEqual({ kind: 'given', brokers: ['a:9092', 'b:9093'] });
});

test('one who will kill brokers does not get the given ones', async () => {
  const env = environment(everything, { LEFTFOLD_KAFKA_BROKERS: 'a:9092' });
  expect(await findKafka({ env, own: true })).toEqual({ kind: 'docker' });
});

test('a Docker engine that answers comes before Java', async () => {
  expect(await findKafka({ env: environment(everything) })).toEqual({ kind: 'docker' });
});

test.each([
  ['does not answer', engineDown],
  ['does not answer, though its client ends well', 'echo'],
])('Java with Maven comes when a Docker engine %s', async (_, docker) => {
  const found = await findKafka({ env: environment({ ...everything, docker }) });
  expect(found).toMatchObject({ kind: 'java', java: { release: 21 }, maven: join(machine, 'mvn') });
});

test('JAVA_HOME comes before the Java on the path', async () => {
  const home = join(machine, 'home');
  const env = environment({ java: java('11.0.2'), mvn: 'exit 0' }, { JAVA_HOME: home });
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'bin', 'java'), `#!/bin/sh\n${java('17.0.1')}\n`, { mode: 0o755 });
  expect(await findKafka({ env })).toMatchObject({ kind: 'java', java: { release: 17 } });
});

test('Maven is not asked for when Kafka is in the cache', async () => {
  const env = environment({ java: java('17.0.1') });
  expect(await findKafka({ env })).toMatchObject({ kind: 'none', code: 'LF_INFRA_NO_MAVEN' });
  mkdirSync(join(machine, 'cache', 'kafka-4.1.1'), { recursive: true });
  expect(await findKafka({ env })).toMatchObject({ kind: 'java', maven: undefined });
});

test.each([
  [{}, 'LF_INFRA_NO_JAVA', 'there is no Java'],
  [{ java: 'echo "Unable to locate a Java Runtime" >&2; exit 1' }, 'LF_INFRA_NO_JAVA', 'there is no Java'],
  [{ java: java('11.0.2'), mvn: 'exit 0' }, 'LF_INFRA_JAVA_TOO_OLD', 'Java 11, too old'],
  [{ java: java('17.0.1') }, 'LF_INFRA_NO_MAVEN', 'no Maven'],
])(
  'a machine with %j says what is missing and how to get it',
  async (programs: Record<string, string>, code, reason) => {
    const found = await findKafka({ env: environment(programs) });
    if (found.kind !== 'none') throw new Error(`found ${found.kind}`);
    expect(found.code).toBe(code);
    expect(found.reason).toContain(reason);
    expect(found.remedy).toMatch(/Java 17.*Maven.*Docker.*LEFTFOLD_KAFKA_BROKERS/);
  },
);

test('given brokers come before LEFTFOLD_KAFKA_FROM, which says where new ones come from', async () => {
  const env = environment(everything, { LEFTFOLD_KAFKA_BROKERS: 'a:9092', LEFTFOLD_KAFKA_FROM: 'java' });
  expect(await findKafka({ env })).toMatchObject({ kind: 'given' });
  expect(await findKafka({ env, own: true })).toMatchObject({ kind: 'java' });
});

test('LEFTFOLD_KAFKA_FROM keeps it to one origin', async () => {
  const from = (value: string): NodeJS.ProcessEnv => environment(everything, { LEFTFOLD_KAFKA_FROM: value });
  expect(await findKafka({ env: from('java') })).toMatchObject({ kind: 'java' });
  expect(await findKafka({ env: from('docker') })).toEqual({ kind: 'docker' });
  expect(await findKafka({ env: from('none') })).toMatchObject({ kind: 'none', code: 'LF_INFRA_KAFKA_OFF' });
  environment({ docker: engineDown });
  expect(await findKafka({ env: { PATH: machine, LEFTFOLD_KAFKA_FROM: 'docker' } })).toMatchObject({ kind: 'none' });
});

test.each([
  ['LEFTFOLD_KAFKA_BROKERS', 'localhost', 'host:port'],
  ['LEFTFOLD_KAFKA_BROKERS', 'a:9092,,b:9092', 'host:port'],
  ['LEFTFOLD_KAFKA_FROM', 'podman', 'docker, java or none'],
])('%s=%s is refused with what it should be', async (name, value, remedy) => {
  const env = environment({}, { [name]: value });
  const refused = findKafka({ env });
  await expect(refused).rejects.toThrow(remedy);
  await expect(refused).rejects.toMatchObject({ code: 'LF_INFRA_BAD_SETTING' });
});
