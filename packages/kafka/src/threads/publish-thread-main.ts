// Runs in a thread: publishes what the other side hands over, with a client of its own. Nothing imports it.
import { parentPort, workerData } from 'node:worker_threads';
import { jsonCodec, type PartitionOutcome, type Publisher } from '@leftfold/subscriptions';
import { kafka } from '../kafka.ts';
import { crossed, crossing } from './crossing-error.ts';
import { unpackRecords } from './packed-records.ts';
import type { CrossingOutcome, FromThread, PublisherId, ThreadOptions, ToThread } from './thread-messages.ts';

interface Opened {
  readonly publisher: Promise<Publisher>;
  /** Of the publish under way. */
  stop: AbortController;
}

const port = parentPort;
if (port === null) throw new RangeError('this file runs in a thread');
// Records come encoded: the codec is asked nothing here.
const broker = kafka({ ...(workerData as ThreadOptions), codec: jsonCodec() });
const opened = new Map<PublisherId, Opened>();

port.on('message', (message: ToThread) => {
  const { publisher: id } = message;
  if (message.kind === 'abort') return opened.get(id)?.stop.abort(crossed(message.reason));
  const work = message.kind === 'close' ? close(id) : publish(message);
  work.then(answer, (error: unknown) => answer({ kind: 'failed', publisher: id, error: crossing(error) }));
});

function answer(message: FromThread): void {
  port?.postMessage(message);
}

async function publish({
  publisher: id,
  records,
}: Extract<ToThread, { readonly kind: 'publish' }>): Promise<FromThread> {
  const one = opened.get(id) ?? { publisher: broker.publisher(), stop: new AbortController() };
  one.stop = new AbortController();
  opened.set(id, one);
  const publisher = await one.publisher;
  const outcome = await publisher.publish(unpackRecords(records), { signal: one.stop.signal });
  return {
    kind: 'outcome',
    publisher: id,
    outcome: outcome.map(crossingOutcome),
    replacements: publisher.replacements ?? 0,
  };
}

async function close(id: PublisherId): Promise<FromThread> {
  const one = opened.get(id);
  opened.delete(id);
  await one?.publisher.then((publisher) => publisher.close());
  return { kind: 'closed', publisher: id };
}

function crossingOutcome(outcome: PartitionOutcome): CrossingOutcome {
  return 'cause' in outcome ? { ...outcome, cause: crossing(outcome.cause) } : outcome;
}
