import { watch } from './watchdog.ts';

/**
 * Ties a detached child to this process: when this process ends, however it ends, the child's process group gets SIGTERM, and SIGKILL where that does
 * not help. Call the returned function once the child has ended.
 */
export function endWithStarter(pid: number): () => void {
  return watch({ kind: 'process', pid, signal: 'SIGTERM' });
}
