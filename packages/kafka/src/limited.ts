import { BrokerUnavailable } from './errors.ts';
import type { TimeLimits } from './time-limits.ts';

/**
 * What a client makes of one thing it is asked for, within the limit for an attempt. Clients bound each request by themselves; nothing else bounds what they make of it, and whoever waits
 * for one that hangs would wait for ever, with a lane in hand.
 * @param onHang called before it rejects
 * @throws {@link BrokerUnavailable} `LF_BROKER_UNAVAILABLE` once the limit has passed; what comes after that is nobody's
 */
export async function limited<T>(
  attempt: Promise<T>,
  { attemptMs }: Pick<TimeLimits, 'attemptMs'>,
  onHang?: () => void,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    onHang?.();
    reject(new BrokerUnavailable(`no answer within ${attemptMs} ms`, undefined));
  }, attemptMs);
  try {
    return await Promise.race([attempt, promise]);
  } finally {
    clearTimeout(timer);
  }
}
