import type { Expectation } from './event-store.ts';
import type { StreamVersion } from './message.ts';

/** Whether a stream that stands at a version, 0 when absent, is where an append expects it. For stores; they ask under the stream's lock. */
export function isMet(expect: Expectation, actual: StreamVersion): boolean {
  if (expect === 'any') return true;
  if (expect === 'absent') return actual === 0n;
  if (expect === 'present') return actual > 0n;
  return actual === expect;
}

/** Where the caller said that a stream without events stands, 0 where he named no version. Nothing of it was checked. */
export function statedVersion(expect: Expectation): StreamVersion {
  return (typeof expect === 'bigint' ? expect : 0n) as StreamVersion;
}
