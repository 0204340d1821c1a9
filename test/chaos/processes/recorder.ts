import { closeSync, globSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Microseconds of a clock that all processes of the machine share. */
export type Instant = number;

/** What every line has: when, and by whom. */
export interface Recorded {
  readonly at: Instant;
  readonly process: string;
}

/** The same on all processes of one machine, and never set back. */
export const now = (): Instant => Number(process.hrtime.bigint() / 1000n);

/** Writes what a process does into a file of its own, each line before the process goes on: what is killed has told all that it knew. */
export class Recorder<Line extends object> {
  readonly #process: string;
  readonly #file: number;

  constructor(folder: string, name: string) {
    this.#process = name;
    this.#file = openSync(join(folder, `${name}.jsonl`), 'a');
  }

  add(line: Line): void {
    writeSync(this.#file, `${JSON.stringify({ at: now(), process: this.#process, ...line })}\n`);
  }
  close(): void {
    closeSync(this.#file);
  }
}

/** What one process has recorded so far. */
export function recorded<Line extends Recorded>(folder: string, name: string): readonly Line[] {
  return parse(readFileSync(join(folder, `${name}.jsonl`), 'utf8'));
}

/** What all have recorded, by time. */
export function allRecorded<Line extends Recorded>(folder: string): readonly Line[] {
  const files = globSync('*.jsonl', { cwd: folder });
  return files
    .flatMap((file) => parse<Line>(readFileSync(join(folder, file), 'utf8')))
    .toSorted((one, other) => one.at - other.at);
}

/** A line that a kill cut short was not finished: what it says did not happen. */
function parse<Line>(text: string): readonly Line[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Line);
}
