import type { SnapshotFault } from '@leftfold/core';
import { Logger } from '@nestjs/common';

const log = new Logger('Leftfold');

/** Says in the log that snapshots do not work; commands do, only slower. */
export function logSnapshotFault({ code, message, cause }: SnapshotFault): void {
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  log.warn(`${code} ${message}${why}`);
}
