const WIDTH = 40;

/** A progress bar on a terminal, a line per tenth elsewhere. */
export interface ProgressBar {
  show(done: number, note: string): void;
  /** A line of its own, above the bar. */
  say(line: string): void;
  end(): void;
}

/** Shows how much of `total` is done. */
export function progressBar(total: number): ProgressBar {
  const { stdout } = process;
  let shownTenths = 0;
  let last = '';
  const clear = (): void => void (last !== '' && stdout.write(`\r${' '.repeat(last.length)}\r`));
  return {
    show(done, note) {
      const line = `${'█'.repeat(Math.floor((WIDTH * done) / total)).padEnd(WIDTH, '░')} ${String(done).padStart(4)} of ${total} orders   ${note}`;
      if (stdout.isTTY) {
        clear();
        stdout.write(line);
        last = line;
      } else if (Math.floor((done * 10) / total) > shownTenths) {
        shownTenths = Math.floor((done * 10) / total);
        stdout.write(`${line}\n`);
      }
    },
    say(line) {
      clear();
      stdout.write(`${line}\n${last}`);
    },
    end() {
      if (stdout.isTTY) stdout.write('\n');
      last = '';
    },
  };
}
