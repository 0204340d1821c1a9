import type { BaseOptions } from '@platformatic/kafka';
import { PlatformaticUnsupported } from '../errors.ts';
import type { KafkaOptions } from '../options.ts';
import { platformaticSecurity } from '../security.ts';
import { TIME_LIMITS } from '../time-limits.ts';
import type { TimeLimits } from '../time-limits.ts';

const RETRY_DELAY_MS = 50;
/** Leaders that have moved are learned from the error; this is for the rest. */
const METADATA_MAX_AGE_MS = 300_000;

const SUPPORTED = '2.12.1';

/**
 * The package, loaded by whoever comes first: who chose kafkajs never loads it.
 * @throws {@link PlatformaticUnsupported} `LF_PLATFORMATIC_UNSUPPORTED` for another version. It is not just warned of: another one may write to a wrong
 *   partition again (R5c), or not tell of each partition what became of it.
 */
export async function platformatic(): Promise<typeof import('@platformatic/kafka')> {
  const library = await import('@platformatic/kafka');
  assertSupported(String(library.clientSoftwareVersion));
  return library;
}

/** @throws {@link PlatformaticUnsupported} `LF_PLATFORMATIC_UNSUPPORTED` */
export function assertSupported(version: string): void {
  if (version !== SUPPORTED) throw new PlatformaticUnsupported(version);
}

/**
 * What each client made of the package is set to. Few tries, because publisher and source do the trying again themselves, where it is reported; one,
 * so that what went wrong for a moment (a leader that has moved, a connection that was cut) is no fault.
 */
export function platformaticSettings(options: KafkaOptions, limits: TimeLimits = TIME_LIMITS): BaseOptions {
  const { brokers, clientId, ssl, sasl } = options;
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: limits.connectMs,
    // Half a minute by default; what the client calls its time-out is what the broker is told.
    requestTimeout: limits.requestMs,
    timeout: limits.acknowledgeMs,
    retries: 1,
    retryDelay: RETRY_DELAY_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    autocreateTopics: false,
    ...platformaticSecurity(brokers, ssl, sasl),
  };
}
