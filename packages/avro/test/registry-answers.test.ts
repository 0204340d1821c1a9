import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { LeftfoldError } from '@leftfold/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { confluentRegistry } from '@leftfold/avro';
import { textOf } from './registry-conformance.ts';

/** Answers as a script has them, to see what is made of what servers say that the launcher does not start. */
type Said = { readonly status: number; readonly body: string };
let script: (asked: string) => Said;
let asked: string[] = [];
const server = createServer((request, response) => {
  const question = `${request.method} ${request.url}`;
  asked.push(question);
  request.resume().once('end', () => {
    const { status, body } = script(question);
    response.writeHead(status).end(body);
  });
});
let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => void (asked = []));

const say = (status: number, json: unknown): Said => ({ status, body: JSON.stringify(json) });
const fault = (status: number, error_code: number, message = 'no'): Said => say(status, { error_code, message });
const open = (): ReturnType<typeof confluentRegistry> => confluentRegistry({ url });
const subject = 'n.A';
const avro = textOf(subject);

describe('the rule of a subject at a server that does as it is asked, and answers with everybody’s rule where there is none', () => {
  const confluent =
    (own: string | undefined, everybodys: string) =>
    (question: string): Said => {
      if (question === 'GET /config') return say(200, { compatibilityLevel: everybodys });
      return say(200, {
        compatibilityLevel: question.startsWith(`GET /config/${subject}?`) ? (own ?? everybodys) : everybodys,
      });
    };

  test.each([
    ['NONE', 'FULL', 'NONE'],
    ['BACKWARD', 'NONE', 'BACKWARD'],
    [undefined, 'FULL', 'FULL'],
    [undefined, 'NONE', 'NONE'],
  ] as const)('own %s beside %s is %s', async (own, everybodys, rule) => {
    script = confluent(own, everybodys);
    expect(await open().compatibility(subject)).toBe(rule);
  });

  test('a subject that the server says it has no rule for has everybody’s', async () => {
    script = (question) => (question === 'GET /config' ? say(200, { compatibilityLevel: 'FULL' }) : fault(404, 40408));
    expect(await open().compatibility(subject)).toBe('FULL');
  });
});

describe('a text that the server has rewritten', () => {
  const rewritten = JSON.stringify(
    { name: 'A', type: 'record', namespace: 'n', fields: [{ type: { type: 'string' }, name: 'id' }] },
    null,
    1,
  );

  test('is still ours', async () => {
    script = () => say(200, { subject, id: 7, version: 1, schema: rewritten });
    expect(await open().find(subject, avro)).toBe(7);
    expect(asked).toHaveLength(1);
  });

  test('is told from another one that the server takes for the same: then its versions are looked through', async () => {
    const other = JSON.stringify({ ...(JSON.parse(avro) as object), doc: 'another one' });
    const versions = [other, avro];
    script = (question) => {
      const version = Number(/versions\/(\d)$/.exec(question)?.[1] ?? 1);
      if (question.endsWith('/versions')) return say(200, [1, 2]);
      return say(200, { subject, id: version * 10, version, schema: versions[version - 1] });
    };
    expect(await open().find(subject, avro)).toBe(20);
    versions.pop();
    script = (question) =>
      question.endsWith('/versions') ? say(200, [1]) : say(200, { subject, id: 10, version: 1, schema: other });
    expect(await open().find(subject, avro)).toBeUndefined();
  });
});

test('an id of something that is no Avro has no text', async () => {
  script = () => say(200, { schemaType: 'PROTOBUF', schema: 'message A {}' });
  expect(await open().schema(7)).toBeUndefined();
});

test('a version that is deleted while they are listed is left out', async () => {
  script = (question) => {
    if (question.endsWith('/versions')) return say(200, [3, 1, 2]);
    const version = Number(question.at(-1));
    return version === 2 ? fault(404, 40402) : say(200, { subject, id: version, version, schema: avro });
  };
  expect((await open().versions(subject)).map(({ version }) => version)).toEqual([1, 3]);
});

test('a 409 is believed when it is said again, and then the text is refused with what the server says', async () => {
  script = (question) => (question.includes('/versions') ? fault(409, 409, 'field gone') : fault(404, 40401));
  await expect(open().register(subject, avro)).rejects.toMatchObject({ code: 'LF_SCHEMA_INCOMPATIBLE', findings: [] });
  await expect(open().register(subject, avro)).rejects.toThrow('field gone');

  let posts = 0;
  script = (question) => {
    if (question.startsWith('GET /schemas/ids/7')) return say(200, { schema: avro });
    if (!question.includes('/versions')) return fault(404, 40401);
    posts += 1;
    return posts === 1 ? fault(409, 409, 'already exists') : say(200, { id: 7 });
  };
  expect(await open().register(subject, avro)).toBe(7);
});

test.each([
  [fault(422, 42201, 'bad name'), 'LF_SCHEMA_REFUSED'],
  [fault(422, 42205, 'read-only'), 'LF_REGISTRY_REFUSED'],
  [fault(403, 40301), 'LF_REGISTRY_REFUSED'],
  [fault(500, 40403), 'LF_REGISTRY_UNAVAILABLE'],
])('registering that is answered with %j is %s', async (said, code) => {
  script = (question) => (question.includes('/versions') ? said : fault(404, 40401));
  await expect(open().register(subject, avro)).rejects.toMatchObject({ code });
});

test('what a server says is told in one line of bounded length', async () => {
  script = () => fault(400, 400, `a\nb\u001b[31m${'x'.repeat(5_000)}`);
  const error = (await open()
    .subjects()
    .catch((each: unknown) => each)) as Error;
  expect(error.message).toMatch(/saying 'a b \[31mx+ …'/);
  expect(error.message.length).toBeLessThan(1_000);
});

test('whatever is answered, a call has what it promises or a typed fault', async () => {
  const level = fc.constantFrom('NONE', 'FULL', 'WHATEVER');
  const answer = fc.record(
    {
      id: fc.anything(),
      version: fc.anything(),
      schema: fc.oneof(fc.constant(avro), fc.json()),
      schemaType: fc.constantFrom('AVRO', 7),
      compatibilityLevel: level,
      error_code: fc.constantFrom(0, 404, 40401, 40403, '40403', 409),
      message: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    answer.map((json) =>
      JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ),
    fc.json(),
    fc.string(),
  );
  const status = fc.constantFrom(200, 204, 304, 400, 401, 404, 409, 422, 500, 503);
  const property = fc.asyncProperty(status, body, async (status, body) => {
    script = () => ({ status, body });
    const registry = open();
    const all = await Promise.allSettled([
      registry.find(subject, avro).then((id) => expect(id ?? 1).toBeTypeOf('number')),
      registry.schema(7).then((text) => expect(text ?? '').toBeTypeOf('string')),
      registry.versions(subject).then((list) => expect(list).toBeInstanceOf(Array)),
      registry.subjects().then((list) => list.forEach((name) => expect(name).toBeTypeOf('string'))),
      registry.compatibility(subject).then((rule) => expect(rule).toMatch(/^(NONE|FULL)$/)),
      registry.register(subject, avro).then((id) => expect(id).toBeTypeOf('number')),
    ]);
    for (const one of all) {
      if (one.status === 'fulfilled') continue;
      expect(one.reason).toBeInstanceOf(LeftfoldError);
      expect((one.reason as LeftfoldError).code).toMatch(
        /^LF_(REGISTRY_(UNAVAILABLE|REFUSED)|SCHEMA_(INCOMPATIBLE|REFUSED))$/,
      );
    }
  });
  await fc.assert(property, { numRuns: 150 });
});
