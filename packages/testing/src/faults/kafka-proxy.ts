import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { faultName, type KafkaFault, type KafkaFaultName, type KafkaFrame, type KafkaRule } from './kafka-fault.ts';
import type { KafkaApi } from './kafka-frames.ts';
import { KafkaProxiedConnection } from './kafka-proxied-connection.ts';

/** A fault for frames that are to come. */
export interface KafkaFaultPlan {
  readonly fault: KafkaFault;
  readonly on: KafkaFrame['direction'];
  /** Default any. */
  readonly api?: KafkaApi;
  /** Only through this broker's proxy. Default any. */
  readonly broker?: number;
  /** Which of these frames, for what the fields above do not say. Default each. */
  readonly where?: (frame: KafkaFrame) => boolean;
  /** How many of them. Default 1; `Infinity` until {@link PlannedKafkaFault.cancel}. */
  readonly times?: number;
}

/** A fault that waits for its frames. */
export interface PlannedKafkaFault {
  /** Resolves when all of them came; never, when there is no end to them. */
  readonly happened: Promise<void>;
  /** Those that came so far. */
  readonly frames: readonly KafkaFrame[];
  /** It happens to no further frame. */
  cancel(): void;
}

/** What the proxies did so far. */
export type KafkaProxyCounts = Readonly<Record<KafkaFaultName | 'connections', number>>;

/** Proxies between Kafka clients and the brokers of a cluster, one per broker, on this machine. */
export interface KafkaProxies {
  /** Where they listen, broker 1 first: what the cluster is to advertise, `startKafka({ proxied: proxies.ports })`. */
  readonly ports: readonly number[];
  /** `host:port` of each, for clients to start from. */
  readonly brokers: readonly string[];
  readonly counts: KafkaProxyCounts;
  /** Says where the brokers themselves listen, broker 1 first. Until then, connections are closed as soon as they are made. */
  forwardTo(ports: readonly number[]): void;
  /** Several plans may wait; a frame is taken by the first that fits. */
  plan(plan: KafkaFaultPlan): PlannedKafkaFault;
  /** Asked for each frame that no plan takes, in the place of the rule before; `undefined`: all pass. Connections that are cut off or half open stay so. */
  rule(rule: KafkaRule | undefined): void;
  /** Cuts all connections now, or those of one broker. */
  cutAll(broker?: number): void;
  /** While one refuses, connections to it are closed as soon as they are made. */
  refuse(isRefusing: boolean, broker?: number): void;
  close(): Promise<void>;
}

interface Waiting extends KafkaFaultPlan {
  left: number;
  readonly taken: KafkaFrame[];
  readonly done: () => void;
}

interface Proxy {
  readonly broker: number;
  readonly listener: Server;
  target: number | undefined;
  isRefusing: boolean;
  readonly connections: Set<KafkaProxiedConnection>;
}

/**
 * Starts proxies in front of the brokers of a cluster, for tests of what a client does when its connections break at the worst moment. They read the protocol,
 * so a fault falls on a whole request or answer, and a planned one happens when its frame comes: nothing depends on timing. No TLS: what they cannot read
 * they cannot break.
 * @param count of brokers.
 */
export async function startKafkaProxies(count: number): Promise<KafkaProxies> {
  const counts: Record<keyof KafkaProxyCounts, number> = {
    connections: 0,
    pass: 0,
    drop: 0,
    cut: 0,
    'cut-after': 0,
    half: 0,
    'half-open': 0,
    delay: 0,
  };
  let plans: Waiting[] = [];
  let rule: KafkaRule | undefined;

  const faultOf = (frame: KafkaFrame): KafkaFault => {
    const plan = plans.find((each) => fits(each, frame));
    if (plan !== undefined) take(plan, frame);
    const fault = plan?.fault ?? rule?.(frame) ?? 'pass';
    counts[faultName(fault)] += 1;
    return fault;
  };
  const take = (plan: Waiting, frame: KafkaFrame): void => {
    plan.taken.push(frame);
    plan.left -= 1;
    if (plan.left > 0) return;
    plans = plans.filter((each) => each !== plan);
    plan.done();
  };
  const accept = (proxy: Proxy, client: Socket): void => {
    if (proxy.isRefusing || proxy.target === undefined) {
      client.destroy();
      return;
    }
    counts.connections += 1;
    const numbers = { broker: proxy.broker, connection: counts.connections };
    const upstream = connect(proxy.target, '127.0.0.1');
    const connection = new KafkaProxiedConnection(client, upstream, numbers, faultOf);
    proxy.connections.add(connection);
    const gone = (): void => {
      if (client.destroyed && upstream.destroyed) proxy.connections.delete(connection);
    };
    for (const socket of [client, upstream]) socket.once('close', gone);
  };
  const proxies = Array.from({ length: count }, (_, index): Proxy => {
    const listener = createServer((client) => accept(proxy, client));
    const proxy: Proxy = { broker: index + 1, listener, target: undefined, isRefusing: false, connections: new Set() };
    listener.listen(0, '127.0.0.1');
    return proxy;
  });
  await Promise.all(proxies.map(({ listener }) => once(listener, 'listening')));
  const ports = proxies.map(({ listener }) => (listener.address() as AddressInfo).port);
  const of = (broker: number | undefined): readonly Proxy[] =>
    proxies.filter((proxy) => broker === undefined || proxy.broker === broker);
  const cutAll = (broker?: number): void => {
    for (const { connections } of of(broker)) for (const connection of connections) connection.end();
  };

  return {
    ports,
    brokers: ports.map((port) => `127.0.0.1:${port}`),
    counts,
    forwardTo: (targets) => {
      for (const proxy of proxies) proxy.target = targets[proxy.broker - 1];
    },
    plan: (plan) => {
      const { promise: happened, resolve: done } = Promise.withResolvers<void>();
      const waiting: Waiting = { ...plan, left: plan.times ?? 1, taken: [], done };
      plans.push(waiting);
      return {
        happened,
        frames: waiting.taken,
        cancel: () => {
          plans = plans.filter((each) => each !== waiting);
        },
      };
    },
    rule: (next) => {
      rule = next;
    },
    cutAll,
    refuse: (isRefusing, broker) => {
      for (const proxy of of(broker)) proxy.isRefusing = isRefusing;
    },
    close: async () => {
      cutAll();
      const closed = proxies.map(({ listener }) => once(listener, 'close'));
      for (const { listener } of proxies) listener.close();
      await Promise.all(closed);
    },
  };
}

function fits(plan: KafkaFaultPlan, frame: KafkaFrame): boolean {
  return (
    plan.on === frame.direction &&
    (plan.api ?? frame.api) === frame.api &&
    (plan.broker ?? frame.broker) === frame.broker &&
    plan.where?.(frame) !== false
  );
}
