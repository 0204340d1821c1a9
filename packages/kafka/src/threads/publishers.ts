import type { Broker, Publisher } from '@leftfold/subscriptions';
import type { KafkaOptions } from '../options.ts';
import { LIMITS } from '../options.ts';
import { platformatic } from '../platformatic/platformatic-settings.ts';
import { PublishThreads } from './publish-threads.ts';
import { threadOptions } from './thread-options.ts';
import { ThreadedPublisher } from './threaded-publisher.ts';

/**
 * How a broker makes publishers: in the caller's thread, or in threads of their own.
 * @throws DefinitionError `LF_OPTION_OUT_OF_RANGE` when there are threads, and a setting cannot go there
 */
export function publishers(options: KafkaOptions, here: () => Publisher): Broker['publisher'] {
  const { threads = LIMITS.threads.standard } = options;
  if (threads === 0) return async () => here();
  const pool = new PublishThreads(threads, threadOptions(options));
  return async () => {
    // Its checksum is a native module of Rust. Where such a one is unloaded with the last thread that has it, the end of that thread may take the process down
    // (rust-lang/rust#91979). Its build for glibc stays loaded by itself; loaded here, too, any does.
    if (options.client === 'platformatic') await platformatic();
    return new ThreadedPublisher(pool, here());
  };
}
