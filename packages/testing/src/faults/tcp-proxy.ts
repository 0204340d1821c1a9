import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ProxiedConnection } from './proxied-connection.ts';
import type { PgAnswer } from './pg-frames.ts';

/**
 * Where a connection breaks: `before` the statement reaches the server; `during` it, so that the server goes on with it alone; `after` it, when the answer is
 * on its way back; `held`: the statement is kept on its way, to be delivered when nobody waits for it any more.
 */
export type CutPlace = 'before' | 'during' | 'after' | 'held';

/** What is to be cut. */
export interface CutPlan {
  readonly at: CutPlace;
  /** Which statements: their text holds this. */
  readonly statement: string;
  /** How many of them, one connection each. Default 1. */
  readonly times?: number;
}

/** A statement whose connection is cut, once it comes. */
export interface PlannedCut {
  /** Resolves when all of them came and were cut. */
  readonly happened: Promise<void>;
  /** Lets those that were `held` go on to the server, in the order they came. Resolves with its answers. */
  deliver(): Promise<readonly PgAnswer[]>;
  /** The server's answers to statements that were cut `during` or `after`; resolves when it has answered all of them. */
  answers(): Promise<readonly PgAnswer[]>;
}

/** A proxy between Postgres clients and a server, on this machine. */
export interface TcpProxy {
  /** A connection URL, with this proxy in the server's place. No TLS: what it cannot read it cannot cut. */
  through(url: string): string;
  /** Cuts the connections of the statements to come. Several plans may wait; a statement is taken by the first that fits. */
  cut(plan: CutPlan): PlannedCut;
  /** Cuts all connections now, as a server that dies. */
  cutAll(): void;
  /** While it refuses, connections are closed as soon as they are made. */
  refuse(isRefusing: boolean): void;
  close(): Promise<void>;
}

interface Waiting extends CutPlan {
  left: number;
  readonly connections: ProxiedConnection[];
  readonly done: () => void;
}

/**
 * Starts a proxy in front of a Postgres server, for tests of what a program does when its connection breaks at the worst moment. It reads the protocol, so a
 * cut falls exactly before, during or after a statement, never into the midst of its bytes by chance. A fault happens when its statement comes: nothing
 * depends on timing.
 * @param url of the server; its database and user do not matter.
 */
export async function startTcpProxy(url: string): Promise<TcpProxy> {
  const server = new URL(url);
  const connections = new Set<ProxiedConnection>();
  const plans: Waiting[] = [];
  let isRefusing = false;

  const planFor = (text: string, connection: ProxiedConnection): CutPlace | undefined => {
    const plan = plans.find(({ left, statement }) => left > 0 && text.includes(statement));
    if (plan === undefined) return undefined;
    plan.left -= 1;
    plan.connections.push(connection);
    if (plan.left === 0) plan.done();
    return plan.at;
  };
  const accept = (client: Socket): void => {
    if (isRefusing) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(server.port || 5432), server.hostname);
    const connection = new ProxiedConnection(client, upstream, (text) => planFor(text, connection));
    connections.add(connection);
    upstream.once('close', () => connections.delete(connection));
  };
  const listener = createServer(accept);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    through: (target) => {
      const through = new URL(target);
      through.hostname = '127.0.0.1';
      through.port = String((listener.address() as AddressInfo).port);
      return through.href;
    },
    cut: (plan) => {
      const { promise: happened, resolve: done } = Promise.withResolvers<void>();
      const waiting: Waiting = { ...plan, left: plan.times ?? 1, connections: [], done };
      plans.push(waiting);
      const answers = async (): Promise<readonly PgAnswer[]> => {
        await happened;
        return Promise.all(waiting.connections.map(({ answer }) => answer));
      };
      return {
        happened,
        answers,
        deliver: async () => {
          await happened;
          for (const connection of waiting.connections) connection.deliver();
          return answers();
        },
      };
    },
    cutAll: () => {
      for (const connection of connections) connection.end();
    },
    refuse: (refusing) => {
      isRefusing = refusing;
    },
    close: async () => {
      for (const connection of connections) connection.end();
      listener.close();
      await once(listener, 'close');
    },
  };
}
