import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.ts';

const PAGE = Buffer.alloc(8_192, 7);
const FOR_MS = 400;

/**
 * Limit L1: median microseconds of writing a page and `fdatasync`, as a lone commit does it, on the disk that holds temporary files (the launcher keeps
 * its clusters there). What `pg_test_fsync` measures, for machines that have none.
 */
export function fsyncMicros(): number {
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-fsync-'));
  const times: number[] = [];
  try {
    const file = openSync(join(folder, 'wal'), 'w');
    // As WAL segments are: the file has its size already, so that only data are written.
    writeSync(file, Buffer.alloc(2 ** 24));
    fdatasyncSync(file);
    for (const end = performance.now() + FOR_MS; performance.now() < end;) {
      const started = performance.now();
      writeSync(file, PAGE, 0, PAGE.length, (times.length % 2_000) * PAGE.length);
      fdatasyncSync(file);
      times.push((performance.now() - started) * 1_000);
    }
    closeSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return median(times);
}
