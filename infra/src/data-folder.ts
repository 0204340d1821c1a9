import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './unprivileged.ts';
import { watch } from './watchdog.ts';

/** A folder of our own that does not outlive this process. */
export interface DataFolder {
  readonly path: string;
  /** Deletes it with everything in it. Idempotent. */
  remove(): Promise<void>;
}

/** Makes an empty folder under the system's temporary folder, owned by `owner` when given, closed to all others. */
export function makeDataFolder(prefix: string, owner?: Account): DataFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const release = watch({ kind: 'folder', path });
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      release();
    },
  };
}
