import kafkajs from 'kafkajs';
import type { KafkaConfig, RetryOptions } from 'kafkajs';
import type { KafkaOptions } from '../options.ts';
import { kafkajsTls } from '../security.ts';
import type { TimeLimits } from '../time-limits.ts';
import { kafkajsSasl } from './kafkajs-sasl.ts';

/**
 * All five fields, always: kafkajs takes other defaults when NODE_ENV is `test`. Few tries, because the publisher and the source do the
 * trying again themselves, where it is reported.
 */
export const FEW: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  retries: 2,
  initialRetryTime: 50,
  maxRetryTime: 200,
  factor: 0.2,
  multiplier: 2,
};

/** What everything made of kafkajs is set to. */
export function kafkajsSettings(options: KafkaOptions, { requestMs, connectMs }: TimeLimits): KafkaConfig {
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    // What matters is told through our own ports; kafkajs would print it.
    logLevel: kafkajs.logLevel.NOTHING,
    requestTimeout: requestMs,
    connectionTimeout: connectMs,
    retry: FEW,
    ...kafkajsTls(options.ssl),
    ...kafkajsSasl(options.sasl),
  };
}
