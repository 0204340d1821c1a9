import 'reflect-metadata';
import { LeftfoldModule } from '@leftfold/nestjs';
import { postgres } from '@leftfold/postgres';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { apiDocument, showApiDocument } from './api-document.ts';
import { PlaceOrder } from './order/order.ts';
import { OrdersHttpModule } from './orders.module.ts';

/** What the api process serves, connected to nothing: in a preview no provider is made. */
@Module({
  imports: [
    LeftfoldModule.forRoot({ service: 'orders', storage: postgres({ pool: new pg.Pool() }) }),
    OrdersHttpModule,
  ],
})
class Api {}

type JsonObject = { readonly [key: string]: unknown };
type Operation = {
  readonly operationId: string;
  readonly parameters: readonly JsonObject[];
  readonly responses: object;
};
let document: OpenAPIObject;
beforeAll(async () => {
  const app = await NestFactory.create(Api, { preview: true, logger: false, abortOnError: false });
  document = JSON.parse(JSON.stringify(apiDocument(app))) as OpenAPIObject;
  await app.close();
});
const bodyOf = (path: string): unknown => {
  const body = document.paths[path]?.post?.requestBody;
  return body !== undefined && 'content' in body ? body.content['application/json']?.schema : undefined;
};

test('the body of "place" is PlaceOrder as it is validated: its fields and their constraints', () => {
  expect(bodyOf('/orders')).toEqual(PlaceOrder['~standard'].jsonSchema.input({ target: 'openapi-3.0' }));
  expect(bodyOf('/orders')).toMatchObject({
    type: 'object',
    required: ['customerId', 'lines', 'shipTo'],
    additionalProperties: false,
    properties: {
      customerId: { type: 'string', format: 'uuid' },
      lines: {
        type: 'array',
        items: {
          properties: {
            sku: { minLength: 1, maxLength: 40 },
            quantity: { type: 'integer', minimum: 1 },
            price: { properties: { cents: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] } } },
          },
        },
      },
      shipTo: { type: 'string', minLength: 1, maxLength: 500 },
    },
  });
});

test('every command has a body and says that it wants an idempotency key where it does', () => {
  expect(bodyOf('/orders/{id}/cancellation')).toMatchObject({ properties: { reason: { type: 'string' } } });
  const wantKey = operations().filter(({ parameters }) => parameters.some((one) => one['name'] === 'Idempotency-Key'));
  expect(wantKey.map(({ operationId }) => operationId)).toEqual(['OrdersController_place', 'OrdersController_pay']);
});

test('the document is OpenAPI 3.0: operations, parameters and responses as they must be', () => {
  expect(document.openapi).toMatch(/^3\.0\.\d$/);
  expect(document.info).toMatchObject({ title: 'Orders', version: '1' });
  const ids = operations().map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [path, item] of Object.entries(document.paths)) {
    const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
    for (const { parameters, responses } of Object.values(item) as Operation[]) {
      const given = parameters.filter((one) => one['in'] === 'path');
      expect([path, ...given.map((one) => one['name'])]).toEqual([path, ...inPath]);
      expect(given.every((one) => one['required'] === true)).toBe(true);
      expect(Object.keys(responses)).not.toHaveLength(0);
    }
  }
});

test('its schemas use the words of OpenAPI 3.0 alone', () => {
  const words = new Set(
    'type title format pattern minLength maxLength minimum maximum enum nullable not anyOf oneOf items properties required additionalProperties'.split(
      ' ',
    ),
  );
  const check = (schema: JsonObject): number => {
    expect(Object.keys(schema).filter((word) => !words.has(word))).toEqual([]);
    if ('type' in schema)
      expect(['string', 'number', 'integer', 'boolean', 'object', 'array']).toContain(schema['type']);
    if (schema['type'] === 'array') expect(schema).toHaveProperty('items');
    if ('required' in schema) expect(schema['required']).not.toHaveLength(0);
    const { items, not, additionalProperties, anyOf = [], oneOf = [], properties = {} } = schema;
    const below = [items, not, additionalProperties, anyOf, oneOf, Object.values(properties as object)].flat();
    return below
      .filter((one) => typeof one === 'object')
      .reduce<number>((sum, one) => sum + check(one as JsonObject), 1);
  };
  const bodies = Object.keys(document.paths).flatMap((path) => bodyOf(path) ?? []);
  expect(bodies.reduce<number>((sum, body) => sum + check(body as JsonObject), 0)).toBeGreaterThan(20);
});

test('the page and the document are served', async () => {
  @Module({})
  class Nothing {}
  const app = await NestFactory.create(Nothing, { logger: false });
  showApiDocument(app);
  try {
    await app.listen(0, '127.0.0.1');
    const get = async (path: string) => (await fetch(`${await app.getUrl()}${path}`)).text();
    expect(await get('/docs')).toContain('swagger-ui-bundle.js');
    expect(await get('/docs/swagger-ui-bundle.js')).toContain('SwaggerUIBundle');
    expect(JSON.parse(await get('/docs-json'))).toMatchObject({ info: { title: 'Orders' } });
  } finally {
    await app.close();
  }
});

const operations = (): readonly Operation[] =>
  Object.values(document.paths).flatMap((item) => Object.values(item) as Operation[]);
