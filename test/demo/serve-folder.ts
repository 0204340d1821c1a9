import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', 'apps', 'orders', 'schemas');

/** The sample's released texts behind the one request that a reader of the topic makes, for machines without a schema registry. */
export async function serveFolder(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const texts = globSync('*/*.avsc', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
  const byId = new Map(texts.map((text) => [String(idOf(text)), text]));
  const server = createServer(({ url = '' }, answer) => {
    const schema = byId.get(url.split('/').at(-1) ?? '');
    answer.writeHead(schema === undefined ? 404 : 200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ schema }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** As the folder gives ids out: the first 31 bits of the text's SHA-256. */
const idOf = (text: string): number => createHash('sha256').update(text.trimEnd()).digest().readUInt32BE(0) >>> 1;
