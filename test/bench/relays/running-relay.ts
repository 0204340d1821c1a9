import { fork } from 'node:child_process';
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { relay, type PublishRecord, type Storage } from '@leftfold/subscriptions';
import { watchedBroker } from './watched-broker.ts';
import type { AckTimes } from './ack-times.ts';

/** A relay that tells what was acknowledged, and when. */
export interface RunningRelay {
  stop(): Promise<void>;
  /** `kill -9`, where it has a process of its own. */
  kill(): Promise<void>;
}
/** What a relay's process is told. */
export interface RelayProcess {
  readonly url: string;
  readonly options: Omit<KafkaOptions, 'codec'>;
}
/** What it says. */
export interface Acknowledged {
  readonly ids: readonly string[];
  readonly at: number;
}

const MAIN = new URL('./relay-process-main.ts', import.meta.url);

export const idsOf = (records: readonly PublishRecord[]): readonly string[] =>
  records.map(({ headers }) => headers['ce_id'] as string);

/** In this process, on the storage that is appended to. */
export async function relayHere(storage: Storage, options: KafkaOptions, times: AckTimes): Promise<RunningRelay> {
  const to = watchedBroker(kafka(options), (records) => times.acknowledged(idsOf(records)));
  const running = await relay({ storage, to, service: 'bench' });
  return { stop: () => running.stop(), kill: () => Promise.reject(new Error('it has no process of its own')) };
}

/** In a process of its own. Resolves when it runs. */
export async function relayElsewhere(url: string, options: KafkaOptions, times: AckTimes): Promise<RunningRelay> {
  // Its functions do not cross: the process has a codec of its own.
  const { brokers, clientId, topics, client } = options;
  const told: RelayProcess = { url, options: { brokers, clientId, topics, ...(client && { client }) } };
  const child = fork(MAIN, [JSON.stringify(told)]);
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const started = Promise.withResolvers<void>();
  child.once('exit', (code) => started.reject(new Error(`the relay's process ended with ${code}`)));
  child.on('message', (message: Acknowledged | 'started') => {
    if (message === 'started') started.resolve();
    else times.acknowledged(message.ids, message.at);
  });
  await started.promise;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
