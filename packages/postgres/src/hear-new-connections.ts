import type { PgPool } from './pool.ts';

interface Emitter {
  on(event: 'connect' | 'error', listener: (client: Emitter) => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
}

const heard = new WeakSet<PgPool>();

/**
 * Listens to connections that a pool has just made, until whoever asked for one has it (hazard P1). The pool stops listening when it answers, its caller begins a microtask later; a server that
 * ends a connection with its first answer is heard by nobody between the two, and the process would end. What such a client is asked next fails, and the pool closes it.
 *
 * Once for each pool. One that is no emitter, as a wrapper of the caller's, is left as it is.
 */
export function hearNewConnections(pool: PgPool): void {
  if (heard.has(pool) || !('on' in pool) || typeof pool.on !== 'function') return;
  heard.add(pool);
  (pool as PgPool & Emitter).on('connect', (client) => {
    const hear = (): void => undefined;
    client.on('error', hear);
    setImmediate(() => client.removeListener('error', hear));
  });
}
