import { createServer } from 'node:net';
import { InfraError } from './infra-error.ts';

/** Lowest and highest port that is given out. */
export const PORT_RANGE: { readonly from: number; readonly to: number } = { from: 12_000, to: 31_999 };

/**
 * Distinct ports of the loopback interface that nobody listens on at this moment. Another program may take one before
 * the server does: then start the server again with other ports.
 *
 * They are random and lie below the range from which systems hand out ports to outgoing connections (Linux from 32768,
 * others from 49152), where `listen(0)` would look too. A client that dials a dead server's port again and again can be
 * given that very port as its own and so connect to itself; the restarted server then finds its port taken.
 *
 * @throws {@link InfraError} `LF_INFRA_PORT_TAKEN` when a thousand tries found too few.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < 1_000; tries += 1) {
    const port = PORT_RANGE.from + Math.floor(Math.random() * (PORT_RANGE.to - PORT_RANGE.from + 1));
    if (await isFree(port)) found.add(port);
  }
  if (found.size < count) {
    const range = `${PORT_RANGE.from} to ${PORT_RANGE.to}`;
    throw new InfraError(
      'LF_INFRA_PORT_TAKEN',
      `found no ${count} free ports from ${range} on 127.0.0.1; end some of the programs that listen there`,
    );
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
