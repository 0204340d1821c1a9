import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** The OpenAPI document of what this process serves. Bodies come from the very schemas that validate them, which say themselves as JSON Schema. */
export const apiDocument = (app: INestApplication): OpenAPIObject =>
  SwaggerModule.createDocument(
    app,
    new DocumentBuilder().setTitle('Orders').setDescription('The sample of Leftfold').setVersion('1').build(),
  );

/** The page of the API at `/docs`, for people, and the document itself at `/docs-json`, for tools. */
export const showApiDocument = (app: INestApplication): void =>
  SwaggerModule.setup('docs', app, () => apiDocument(app));
