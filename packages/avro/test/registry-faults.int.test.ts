import { inject, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { confluentRegistry } from '@leftfold/avro';
import { startHttpProxy, type HttpFault, type HttpProxy } from './http-proxy.ts';
import { newSubject, textOf } from './registry-conformance.ts';

/** A real registry with faults between it and us. */
let proxy: HttpProxy;
beforeEach(async () => void (proxy = await startHttpProxy(inject('registryUrl'))));
afterEach(() => proxy.close());

/** Where it is waited for: short, and long enough for what a busy machine answers before and after. */
const SHORT_MS = 3_000;
/** Elsewhere: six answers of seventeen megabytes side by side took a machine with two busy cores longer than a second and a half. */
const LONG_MS = 50_000;
const open = (timeoutMs = LONG_MS): ReturnType<typeof confluentRegistry> =>
  confluentRegistry({ url: proxy.url, timeoutMs });
const isUnanswered = ({ kind }: HttpFault): boolean => kind === 'late' || kind === 'swallow' || kind === 'stall';

interface Registered {
  readonly subject: string;
  readonly avro: string;
  readonly id: number;
}
async function registered(): Promise<Registered> {
  const subject = newSubject();
  const avro = textOf(subject);
  return { subject, avro, id: await confluentRegistry({ url: inject('registryUrl') }).register(subject, avro) };
}

const html = '<html><body>404 Not Found</body></html>';
const faults: readonly (readonly [string, HttpFault, 'LF_REGISTRY_UNAVAILABLE' | 'LF_REGISTRY_REFUSED', RegExp])[] = [
  ['that is down', { kind: 'refuse' }, 'LF_REGISTRY_UNAVAILABLE', /could not be asked/],
  ['that is slow', { kind: 'late', untilMs: 1_000_000 }, 'LF_REGISTRY_UNAVAILABLE', /within 3000 ms/],
  ['that swallows what it is sent', { kind: 'swallow' }, 'LF_REGISTRY_UNAVAILABLE', /within 3000 ms/],
  ['whose answer is cut in the middle', { kind: 'cut' }, 'LF_REGISTRY_UNAVAILABLE', /could not be asked/],
  ['whose answer never ends', { kind: 'stall' }, 'LF_REGISTRY_UNAVAILABLE', /within 3000 ms/],
  [
    'with status 500',
    { kind: 'say', status: 500, body: '{"error_code":50001,"message":"store"}' },
    'LF_REGISTRY_UNAVAILABLE',
    /500.*store/,
  ],
  ['with status 503 and a page', { kind: 'say', status: 503, body: html }, 'LF_REGISTRY_UNAVAILABLE', /503/],
  ['with status 429', { kind: 'say', status: 429, body: '' }, 'LF_REGISTRY_UNAVAILABLE', /429/],
  [
    'with a 404 of a proxy',
    { kind: 'say', status: 404, body: html },
    'LF_REGISTRY_UNAVAILABLE',
    /404.*not how a registry says/,
  ],
  [
    'with a 404 of a wrong path',
    { kind: 'say', status: 404, body: '{"error_code":404,"message":"HTTP 404 Not Found"}' },
    'LF_REGISTRY_UNAVAILABLE',
    /404.*not how a registry says/,
  ],
  ['with a page instead of JSON', { kind: 'say', status: 200, body: html }, 'LF_REGISTRY_UNAVAILABLE', /no JSON/],
  [
    'with JSON of another form',
    { kind: 'say', status: 200, body: '[{"id":"7"}]' },
    'LF_REGISTRY_UNAVAILABLE',
    /without/,
  ],
  [
    'with an id that can be none',
    { kind: 'say', status: 200, body: '{"id":0,"version":1,"schema":7}' },
    'LF_REGISTRY_UNAVAILABLE',
    /without/,
  ],
  [
    'with more than anybody should hold',
    { kind: 'say', status: 200, body: `"${'x'.repeat(17_000_000)}"` },
    'LF_REGISTRY_UNAVAILABLE',
    /more than/,
  ],
  [
    'with a passing redirect',
    { kind: 'say', status: 302, body: '', headers: { location: 'http://elsewhere.invalid/login' } },
    'LF_REGISTRY_UNAVAILABLE',
    /302/,
  ],
  [
    'that has moved',
    { kind: 'say', status: 301, body: '', headers: { location: 'http://elsewhere.invalid/a?b=c' } },
    'LF_REGISTRY_REFUSED',
    /moved to http:\/\/elsewhere\.invalid;/,
  ],
  [
    'with status 401',
    { kind: 'say', status: 401, body: '{"error_code":401,"message":"Unauthorized"}' },
    'LF_REGISTRY_REFUSED',
    /user and password/,
  ],
  [
    'with status 403',
    { kind: 'say', status: 403, body: '{"error_code":40301,"message":"no"}' },
    'LF_REGISTRY_REFUSED',
    /user and password/,
  ],
  [
    'with status 400',
    { kind: 'say', status: 400, body: '{"error_code":400,"message":"odd"}' },
    'LF_REGISTRY_REFUSED',
    /odd/,
  ],
];

describe.each(faults)('A7 a registry %s', (_what, fault, code, message) => {
  const retryable = code === 'LF_REGISTRY_UNAVAILABLE';

  test('is a typed fault of every call, never an unknown id; what is known goes on; and all is well once it has passed', async () => {
    const [known, unknown] = [await registered(), await registered()];
    const registry = open(isUnanswered(fault) ? SHORT_MS : LONG_MS);
    expect(await registry.find(known.subject, known.avro)).toBe(known.id);

    proxy.fault(fault);
    const failed = { code, retryable, message: expect.stringMatching(message) as string };
    const all = await Promise.allSettled([
      registry.schema(unknown.id),
      registry.find(unknown.subject, unknown.avro),
      registry.versions(known.subject),
      registry.subjects(),
      registry.compatibility(known.subject),
      registry.register(unknown.subject, textOf(unknown.subject, [])),
    ]);
    const rejected = { status: 'rejected', reason: expect.objectContaining(failed) as unknown };
    expect(all).toEqual(all.map(() => rejected));
    const asked = proxy.asked.length;
    expect(await registry.find(known.subject, known.avro)).toBe(known.id);
    expect(await registry.schema(known.id)).toBe(known.avro);
    expect(proxy.asked.length).toBe(asked);

    proxy.fault(undefined);
    expect(await registry.schema(unknown.id)).toBe(unknown.avro);
    expect(await registry.find(unknown.subject, unknown.avro)).toBe(unknown.id);
    expect(await registry.schema(2_147_483_647)).toBeUndefined();
  });
});

test('A7 a registry that does not run is a typed fault', async () => {
  const gone = await startHttpProxy(inject('registryUrl'));
  await gone.close();
  const failed = { code: 'LF_REGISTRY_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') as string };
  await expect(confluentRegistry({ url: gone.url }).subjects()).rejects.toMatchObject(failed);
});

test('A7 fifty that miss the same at once make one request, and each has the answer', async () => {
  const { subject, avro, id } = await registered();
  const registry = open();
  const fifty = <T>(ask: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 50 }, ask));
  expect(new Set(await fifty(() => registry.find(subject, avro)))).toEqual(new Set([id]));
  expect(proxy.asked).toEqual([`POST /subjects/${subject}?normalize=true`]);

  const another = open();
  expect(new Set(await fifty(() => another.schema(id)))).toEqual(new Set([avro]));
  expect(proxy.asked.slice(1)).toEqual([`GET /schemas/ids/${id}`]);
});

test('A7 fifty that miss a registry which is down share one failure, and the next question is asked anew', async () => {
  const { id, avro } = await registered();
  const registry = open(SHORT_MS);
  proxy.fault({ kind: 'swallow' });
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => registry.schema(id)));
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(proxy.asked).toHaveLength(1);
  proxy.fault(undefined);
  expect(await registry.schema(id)).toBe(avro);
});

test('A7 an unknown id is asked for again: it may be given out at any time', async () => {
  const registry = open();
  expect(await registry.schema(2_147_483_600)).toBeUndefined();
  expect(await registry.schema(2_147_483_600)).toBeUndefined();
  expect(proxy.asked).toHaveLength(2);
});

test('one who gives up leaves the question to the others', async () => {
  const { id, avro } = await registered();
  const registry = open();
  const impatient = new AbortController();
  const [left, stayed] = [registry.schema(id, { signal: impatient.signal }), registry.schema(id)];
  impatient.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect(await stayed).toBe(avro);
  expect(proxy.asked).toHaveLength(1);
});

test('credentials go to no other host: a redirect is not followed', async () => {
  const elsewhere = await startHttpProxy(inject('registryUrl'));
  const url = proxy.url.replace('http://', 'http://someone:secret@');
  for (const status of [301, 302, 307, 308]) {
    proxy.fault({ kind: 'say', status, body: '', headers: { location: `${elsewhere.url}/subjects` } });
    await expect(confluentRegistry({ url }).subjects()).rejects.not.toThrow('secret');
  }
  expect(elsewhere.asked).toEqual([]);
  await elsewhere.close();
});
