/**
 * The watchdog: run by {@link watch} as a process of its own. It collects duties from its standard input and carries
 * out what is left when the input ends, which is when its starter is gone.
 */
import { createInterface } from 'node:readline';
import { carryOut, type Duty } from './duty.ts';
import type { WatchdogMessage } from './watchdog.ts';

// Whoever ends a whole job signals every process of it: the watchdog goes last, by the end of its input.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const duties = new Map<number, Duty>();
for await (const line of createInterface({ input: process.stdin })) {
  const message = parse(line);
  if (message === undefined) continue;
  if ('take' in message) duties.set(message.take, message.duty);
  else duties.delete(message.drop);
}
await carryOut([...duties.values()]);

/** A line cut short by the starter's death is no message: the whole ones still count. */
function parse(line: string): WatchdogMessage | undefined {
  try {
    return JSON.parse(line) as WatchdogMessage;
  } catch {
    return undefined;
  }
}
