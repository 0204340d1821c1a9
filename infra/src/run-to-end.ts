import { startProcess, type ProcessEnd, type ProcessSpec } from './server-process.ts';
import { until } from './until.ts';

/** Runs a program to its end and tells how it ended; `undefined` when it was killed because it took longer than `withinMs`. */
export async function runToEnd(
  spec: Omit<ProcessSpec, 'stopSignal'> & { readonly withinMs: number },
): Promise<ProcessEnd | undefined> {
  const process = startProcess({ ...spec, stopSignal: 'SIGKILL' });
  const end = await until(() => process.end, spec);
  await process.stop('SIGKILL');
  return end;
}
