import { repository } from '@leftfold/core';
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { postgres } from '@leftfold/postgres';
import { follow, relay, type Running, type Source, type SourceRecord } from '@leftfold/subscriptions';
import { randomUUID } from 'node:crypto';
import { note, noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { PAYLOAD_BYTES, payloads } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';
import { machineTime } from '../relays/ack-times.ts';
import { watchedBroker } from '../relays/watched-broker.ts';
import type { Chain } from './chain.ts';
import { notes } from './note-projections.ts';

/** Leftfold: a command, the relay and a projector over Kafka; without a broker a command and a projector of the log. All in this process. */
export async function leftfoldChain(url: string, broker?: KafkaOptions): Promise<Chain> {
  const pool = benchPool(url, 10);
  const topic = broker?.topics[0]?.name ?? null;
  const storage = postgres({ pool, topic: () => topic });
  const acknowledged = new Arrivals();
  const visible = new Arrivals();
  const running: Running[] = [];
  let source: Source = storage.log;
  if (broker !== undefined) {
    const to = kafka(broker);
    running.push(
      await relay({
        storage,
        to: watchedBroker(to, (records) => acknowledged.come(records.map(({ key }) => key))),
        service: 'bench',
      }),
    );
    ({ source } = to);
  }
  running.push(
    await follow(notes, {
      from: watched(source, (records) => visible.come(records.map(({ stream }) => stream))),
      storage,
    }),
  );
  const commands = repository(note, storage.store);
  const [payload] = payloads(new SeededRandom(1), PAYLOAD_BYTES.SMALL, 1);
  if (payload === undefined) throw new RangeError('one payload was asked for');
  return {
    one: async () => {
      const began = machineTime();
      const key = randomUUID();
      await commands.take(key, payload);
      const committed = machineTime();
      const { id } = noteStream(key);
      const seen = await visible.of(id);
      const stages = { committed: committed - began, visible: seen - began };
      return broker === undefined ? stages : { ...stages, acknowledged: (await acknowledged.of(id)) - began };
    },
    close: async () => {
      for (const one of running.toReversed()) await one.stop();
      await pool.end();
    },
  };
}

/** When ids came, for whoever waits for them. */
class Arrivals {
  readonly #at = new Map<string, PromiseWithResolvers<number>>();

  come(ids: readonly string[]): void {
    const now = machineTime();
    for (const id of ids) this.#entry(id).resolve(now);
  }
  async of(id: string): Promise<number> {
    return this.#entry(id).promise;
  }
  #entry(id: string): PromiseWithResolvers<number> {
    const entry = this.#at.get(id) ?? Promise.withResolvers<number>();
    this.#at.set(id, entry);
    return entry;
  }
}

/** The same source, telling of each batch that was dealt with. */
function watched(source: Source, handled: (records: readonly SourceRecord[]) => void): Source {
  return new Proxy(source, {
    get(target, name) {
      if (name !== 'run') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      }
      return (reader: Parameters<Source['run']>[0], signal: AbortSignal) =>
        target.run(
          {
            ...reader,
            handle: async (batch, given) => {
              await reader.handle(batch, given);
              handled(batch.records);
            },
          },
          signal,
        );
    },
  });
}
