import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What cannot be counted or said must not stop what is counted: an event's way does not depend on who watches. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // There is nobody left to tell.
  }
}

/** The same, but never throws. */
export const harmlessMetrics = (metrics: Metrics): Metrics => ({
  add: (...given) => quietly(() => metrics.add(...given)),
  set: (...given) => quietly(() => metrics.set(...given)),
  record: (...given) => quietly(() => metrics.record(...given)),
});

/** The same, but never throws. */
export const harmlessLogger = (logger: Logger): Logger => ({
  debug: (...given) => quietly(() => logger.debug(...given)),
  info: (...given) => quietly(() => logger.info(...given)),
  warn: (...given) => quietly(() => logger.warn(...given)),
  error: (...given) => quietly(() => logger.error(...given)),
});
