import { quotesUserCode } from '../folding/fold-fault.ts';
import type { LaneFault } from '../following/status.ts';

/**
 * Our own words alone: what the application's code, or a library below it, says of an event may hold its data, and logs and health pages are kept and read
 * where no one erases. All of it is in the status.
 */
export function faultText({ code, message }: Pick<LaneFault, 'code' | 'message'>): string {
  const isOurs = code.startsWith('LF_') && !quotesUserCode(code);
  return isOurs ? message : 'its text may hold data of events, see the status in the process';
}
