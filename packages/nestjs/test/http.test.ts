import 'reflect-metadata';
import { Agent, get } from 'node:http';
import { json } from 'node:stream/consumers';
import { memory } from '@leftfold/memory';
import { LeftfoldModule } from '@leftfold/nestjs';
import { streamRef } from '@leftfold/core';
import type { EventStore, StreamVersion } from '@leftfold/core';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { BankModule } from './bank.ts';

let app: INestApplication;
let url: string;
const storage = () => memory();

beforeEach(async () => {
  const module = await Test.createTestingModule({
    imports: [
      LeftfoldModule.forRoot({
        service: 'bank',
        storage: storage(),
        status: { LIMIT_TOO_HIGH: 403 },
        identify: ({ headers }: { headers: Record<string, string | undefined> }) => ({
          actor: 'ann',
          ...(headers['x-user-tenant'] && { tenant: headers['x-user-tenant'] }),
          roles: headers['x-roles']?.split(',') ?? [],
        }),
      }),
      BankModule,
    ],
  }).compile();
  app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterEach(() => app.close());

const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    retryAfter: response.headers.get('retry-after'),
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
};
const key = (name: string) => ({ 'idempotency-key': name });
const ann = { owner: 'Ann', limit: 5 };

describe('a command over HTTP', () => {
  test('has the actor that identify gave, since it runs in the context of its request', async () => {
    expect(await call('POST', '/accounts/a', ann, key('1'))).toMatchObject({
      status: 201,
      body: { id: 'a', actor: 'ann', tenant: '' },
    });
  });
  test('belongs to the tenant that identify gave and to no other', async () => {
    await call('POST', '/accounts/a', ann, { ...key('1'), 'x-user-tenant': 'north' });
    expect(await call('POST', '/accounts/a', ann, { ...key('2'), 'x-user-tenant': 'south' })).toMatchObject({
      body: { tenant: 'south' },
    });
  });
  test('and a read in the handler see the same tenant', async () => {
    const north = { 'x-user-tenant': 'north' };
    await call('POST', '/accounts/a', ann, { ...key('1'), ...north });
    expect(await call('GET', '/accounts/a', undefined, north)).toMatchObject({ body: { isOpen: true, version: '1' } });
    expect(await call('GET', '/accounts/a')).toMatchObject({ body: { isOpen: false, version: '0' } });
  });
  test('has nothing of the request before it on the same connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const context = (headers: Record<string, string>) =>
      new Promise<object>((resolve, reject) => {
        get(`${url}/accounts/a/context`, { agent, headers }, (response) => {
          const { localPort } = response.socket;
          json(response).then((body) => resolve({ ...(body as object), localPort }), reject);
        }).on('error', reject);
      });
    const first = await context({ 'x-user-tenant': 'north', 'x-roles': 'chief', 'idempotency-key': 'k' });
    expect(first).toMatchObject({ idempotencyKey: 'k', metadata: { tenant: 'north' }, roles: ['chief'] });
    const second = await context({});
    agent.destroy();
    const { localPort } = first as { localPort: unknown };
    expect(second).toEqual({
      localPort,
      metadata: { correlationId: expect.any(String) as string, actor: 'ann' },
      roles: [],
    });
  });
  test('cannot name a tenant by a header of its own', async () => {
    expect(
      await call('POST', '/accounts/a', ann, { ...key('1'), 'x-tenant': 'north', 'lf-tenant': 'north' }),
    ).toMatchObject({ body: { tenant: '' } });
  });
  test('gets the roles of its caller', async () => {
    const rich = { owner: 'Ann', limit: 5000 };
    expect((await call('POST', '/accounts/a', rich, key('1'))).status).toBe(403);
    expect((await call('POST', '/accounts/a', rich, { ...key('2'), 'x-roles': 'clerk,chief' })).status).toBe(201);
  });
  test('that does not fit its schema is a 400 that names the field', async () => {
    const answer = await call('POST', '/accounts/a', { owner: '', limit: 5 }, key('1'));
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain('owner');
  });
});

describe('a refusal', () => {
  test('is problem+json with its code, sentence and details, 409 by default', async () => {
    await call('POST', '/accounts/a', ann, key('1'));
    const answer = await call('POST', '/accounts/a', ann, key('2'));
    expect(answer).toMatchObject({
      status: 409,
      body: {
        type: 'about:blank',
        title: 'ACCOUNT_OPEN',
        code: 'ACCOUNT_OPEN',
        status: 409,
        detail: 'Account a is open',
        id: 'a',
      },
    });
    expect(answer.type).toContain('application/problem+json');
  });
  test('of a reply that is under way breaks it off: what came is not all there is', async () => {
    const answer = fetch(`${url}/accounts/a/export`).then((response) => response.text());
    await expect(answer).rejects.toBeInstanceOf(Error);
    expect((await call('GET', '/accounts/a')).status).toBe(200);
  });
  test('named …_NOT_FOUND is a 404', async () => {
    expect(await call('POST', '/accounts/none/closing')).toMatchObject({
      status: 404,
      body: { code: 'ACCOUNT_NOT_FOUND' },
    });
  });
});

describe('an idempotency key', () => {
  test('gives a repeated request the first answer', async () => {
    const first = await call('POST', '/accounts/a', ann, key('1'));
    expect(await call('POST', '/accounts/a', ann, key('1'))).toEqual(first);
  });
  test('is refused with another body: 422', async () => {
    await call('POST', '/accounts/a', ann, key('1'));
    expect(await call('POST', '/accounts/a', { ...ann, limit: 6 }, key('1'))).toMatchObject({
      status: 422,
      body: { code: 'LF_IDEMPOTENCY_KEY_REUSED' },
    });
  });
  test('is required where the handler says so: 400', async () => {
    expect(await call('POST', '/accounts/a', ann)).toMatchObject({
      status: 400,
      body: { code: 'LF_IDEMPOTENCY_KEY_MISSING' },
    });
  });
  test('tells two commands of one request apart', async () => {
    const first = await call('POST', '/accounts/a/twins', ann, key('1'));
    expect(first.body).toEqual(['a-1', 'a-2']);
    expect(await call('POST', '/accounts/a/twins', ann, key('1'))).toEqual(first);
  });
});

test('a bigint in a reply is a decimal string, bytes are base64, and dates stay dates', async () => {
  await call('POST', '/accounts/a', { owner: 'Ann', limit: '900' }, key('1'));
  expect(await call('GET', '/accounts/a')).toMatchObject({
    status: 200,
    body: { limit: '900', version: '1', seen: '1970-01-01T00:00:00.000Z', seal: 'AQI=' },
  });
});

test('a stream that keeps changing is a 503 that says when to come again, and nothing of what is within', async () => {
  const inner = memory();
  const { store } = inner;
  const stream = streamRef('bank.account', 'a').id;
  const busy: EventStore = {
    read: (...args) => store.read(...args),
    append: async () => ({ kind: 'conflict', stream, actual: 7n as StreamVersion }),
    reply: (...args) => store.reply(...args),
  };
  const module = await Test.createTestingModule({
    imports: [LeftfoldModule.forRoot({ service: 'bank', storage: { ...inner, store: busy } }), BankModule],
  }).compile();
  const other = module.createNestApplication({ logger: false });
  onTestFinished(() => other.close());
  await other.listen(0, '127.0.0.1');
  url = await other.getUrl();
  const code = 'LF_CONCURRENCY_EXHAUSTED';
  expect(await call('POST', '/accounts/a', ann, key('1'))).toEqual({
    status: 503,
    type: expect.stringContaining('application/problem+json') as string,
    retryAfter: '1',
    body: { type: 'about:blank', title: code, code, status: 503 },
  });
});
