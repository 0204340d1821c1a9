import type { Broker, Publisher, PublishRecord, Running } from '@leftfold/subscriptions';

const LOOK_MS = 500;

/** A broker whose publishers tell what was confirmed, each time all of a publish was. */
export function watchedBroker(broker: Broker, confirmed: (records: readonly PublishRecord[]) => void): Broker {
  const watch = (publisher: Publisher): Publisher => ({
    partitions: (topic) => publisher.partitions(topic),
    close: () => publisher.close(),
    publish: async (records, options) => {
      const outcome = await publisher.publish(records, options);
      if (outcome.every(({ kind }) => kind === 'written')) confirmed(records);
      return outcome;
    },
  });
  return { ...broker, publisher: async () => watch(await broker.publisher()) };
}

/** @throws Error when a lane stops, which would be waited for in vain. */
export async function orStopped<T>(running: Pick<Running, 'status'>, work: Promise<T>): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const timer = setInterval(() => {
    const { lanes, isRunning } = running.status();
    const lane = lanes.find(({ state }) => state === 'stopped');
    if (lane !== undefined || !isRunning) reject(new Error(`the relay stopped: ${lane?.fault?.message ?? ''}`));
  }, LOOK_MS);
  try {
    return await Promise.race([work, stopped]);
  } finally {
    clearInterval(timer);
  }
}
