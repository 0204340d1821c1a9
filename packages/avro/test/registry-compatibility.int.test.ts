import { randomUUID } from 'node:crypto';
import { COMPATIBILITY, SchemaRegistry as KafkajsRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { startRegistry, type RegistryServer } from '@leftfold/infra';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { confluentRegistry } from '@leftfold/avro';
import { newSubject, textOf } from './registry-conformance.ts';
import { readSetting, setRule } from './registry-settings.ts';

/** A registry of its own: these change the rule that holds for everybody. */
let server: RegistryServer;
beforeAll(async () => void (server = await startRegistry({ own: true })), 600_000);
afterAll(() => server?.stop());

const open = (): ReturnType<typeof confluentRegistry> => confluentRegistry({ url: server.url });
const more = { name: 'more', type: 'string' };
const withMore = (subject: string): string => textOf(subject, [{ name: 'id', type: 'string' }, more]);
/** The settings as the server says them. */
const settings = async (subject: string): Promise<readonly string[]> =>
  Promise.all([readSetting(server.url), readSetting(server.url, subject)]);

describe('A2 registering', () => {
  beforeEach(() => setRule(server.url, undefined, 'FULL_TRANSITIVE'));

  test('leaves the settings of everybody and of the subject as they were, where the subject has none', async () => {
    const subject = newSubject();
    await open().register(subject, textOf(subject));
    const before = await settings(subject);
    await open().register(
      subject,
      textOf(subject, [
        { name: 'id', type: 'string' },
        { ...more, default: '' },
      ]),
    );
    expect(await settings(subject)).toEqual(before);
    expect(before[0]).toContain('FULL_TRANSITIVE');
    expect(before[1]).not.toContain('BACKWARD');
  });

  test('leaves a rule of the subject’s own as it was, also where the text is refused under it', async () => {
    const subject = newSubject();
    await open().register(subject, textOf(subject));
    await setRule(server.url, subject, 'BACKWARD');
    const before = await settings(subject);
    await expect(open().register(subject, withMore(subject))).rejects.toMatchObject({ code: 'LF_SCHEMA_INCOMPATIBLE' });
    expect(await settings(subject)).toEqual(before);
    expect(before[1]).toContain('BACKWARD');
  });

  test('by @kafkajs/confluent-schema-registry sets the subject to BACKWARD, so that the registry takes what its own rule forbids', async () => {
    const subject = newSubject();
    const theirs = new KafkajsRegistry({ host: server.url });
    await theirs.register({ type: SchemaType.AVRO, schema: textOf(subject) }, { subject });
    expect(await readSetting(server.url, subject)).toBe('200 {"compatibilityLevel":"BACKWARD"}');
    // Forbidden by FULL_TRANSITIVE: a reader of the first text does not know it is gone.
    await theirs.register({ type: SchemaType.AVRO, schema: textOf(subject, []) }, { subject });
    expect(await open().versions(subject)).toHaveLength(2);
    expect(COMPATIBILITY.BACKWARD).toBe('BACKWARD');
  });
});

describe('the rule of a subject', () => {
  test('without one of its own is that of everybody, though the server says NONE; and that is what it enforces', async () => {
    const subject = newSubject();
    await setRule(server.url, undefined, 'BACKWARD');
    await open().register(subject, textOf(subject));
    expect(await readSetting(server.url, subject)).toBe('200 {"compatibilityLevel":"NONE"}');
    expect(await open().compatibility(subject)).toBe('BACKWARD');
    await expect(open().register(subject, withMore(subject))).rejects.toMatchObject({ code: 'LF_SCHEMA_INCOMPATIBLE' });
  });

  test('set to NONE on this server is none of its own: that of everybody is enforced, and told', async () => {
    const subject = newSubject();
    await setRule(server.url, undefined, 'BACKWARD');
    await open().register(subject, textOf(subject));
    await setRule(server.url, subject, 'NONE');
    expect(await open().compatibility(subject)).toBe('BACKWARD');
    await expect(open().register(subject, withMore(subject))).rejects.toMatchObject({ code: 'LF_SCHEMA_INCOMPATIBLE' });
  });

  test('is that of everybody before the subject exists, and NONE where everybody has none', async () => {
    await setRule(server.url, undefined, 'FULL');
    expect(await open().compatibility(`never.${randomUUID()}`)).toBe('FULL');
    await setRule(server.url, undefined, 'NONE');
    expect(await open().compatibility(`never.${randomUUID()}`)).toBe('NONE');
    const subject = newSubject();
    await open().register(subject, textOf(subject));
    expect(await open().compatibility(subject)).toBe('NONE');
  });
});

test('names of others’ subjects are escaped, and the base path is kept', async () => {
  for (const subject of ['a/b c%ü?#&', 'a%2Fb', 'orders-value', '..a', 'a+b']) {
    const avro = textOf('n.A', [{ name: subject.length > 0 ? `f${subject.length}` : 'f', type: 'string' }]);
    const id = await open().register(subject, avro);
    expect(await open().versions(subject)).toEqual([{ id, version: 1, avro }]);
    expect(await open().subjects()).toContain(subject);
  }
});
