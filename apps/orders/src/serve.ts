import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { showApiDocument } from './api-document.ts';
import { environment, migrate } from './infrastructure.ts';

/** Starts one process. Every process serves HTTP, if only for health. */
export async function serve(module: new () => object): Promise<void> {
  await migrate();
  const app = await NestFactory.create(module, { return503OnClosing: true, logger: ['log', 'warn', 'error'] });
  app.enableShutdownHooks();
  showApiDocument(app);
  await app.listen(environment.port, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}
