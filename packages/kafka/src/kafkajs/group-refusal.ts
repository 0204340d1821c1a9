import kafkajs from 'kafkajs';
import type { KafkaConfig } from 'kafkajs';
import { HeldSockets } from './held-sockets.ts';

/** What kafkajs says of each broker that it asks, and then forgets. */
const ASKED = 'Tried to find group coordinator';

/**
 * Why no broker names a coordinator for a group. kafkajs asks one broker after the other, drops what each of them answered, and ends with
 * `KafkaJSGroupCoordinatorNotFound`, which is the same for a missing right and for brokers that are busy; the answers stand in its debug log alone. So the
 * same is asked once more by a client with a log that listens.
 * @param config of the client that was told nothing
 * @returns the broker's answer, `GROUP_AUTHORIZATION_FAILED` for one; `undefined` when there is none, or a coordinator now
 */
export async function groupRefusal(config: KafkaConfig, group: string): Promise<unknown> {
  let answer: unknown;
  const sockets = new HeldSockets();
  const listening = new kafkajs.Kafka({
    ...config,
    socketFactory: sockets.factory,
    logLevel: kafkajs.logLevel.DEBUG,
    logCreator:
      () =>
      ({ log: { message, error } }) => {
        if (message === ASKED) answer = error as unknown;
      },
  });
  const admin = listening.admin();
  try {
    await admin.connect();
    await admin.describeGroups([group]);
    return undefined;
  } catch {
    return answer;
  } finally {
    admin.disconnect().catch(() => undefined);
    sockets.release();
  }
}
