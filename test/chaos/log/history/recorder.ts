import { closeSync, globSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { History, HistoryLine, Instant } from './history.ts';

/** A line as its process gives it: when and by whom is added. */
export type NewLine = HistoryLine extends infer L ? (L extends HistoryLine ? Omit<L, 'at' | 'process'> : never) : never;

/** The same on all processes of one machine, and never set back. */
export const now = (): Instant => Number(process.hrtime.bigint() / 1000n);

/** Writes what a process does into a file of its own, each line before the process goes on: what is killed has told all that it knew. */
export class Recorder {
  readonly #process: string;
  readonly #file: number;

  constructor(folder: string, name: string) {
    this.#process = name;
    this.#file = openSync(join(folder, `${name}.jsonl`), 'a');
  }

  add(line: NewLine): void {
    writeSync(this.#file, `${JSON.stringify({ at: now(), process: this.#process, ...line })}\n`);
  }
  close(): void {
    closeSync(this.#file);
  }
}

/** What one process has recorded so far. */
export function recorded(folder: string, name: string): History {
  return parse(readFileSync(join(folder, `${name}.jsonl`), 'utf8'));
}

/** What all have recorded, by time. */
export function readHistory(folder: string): History {
  const files = globSync('*.jsonl', { cwd: folder });
  return files
    .flatMap((file) => parse(readFileSync(join(folder, file), 'utf8')))
    .toSorted((one, other) => one.at - other.at);
}

/** A line that a kill cut short was not finished: what it says did not happen. */
function parse(text: string): History {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as HistoryLine);
}
