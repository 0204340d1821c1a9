import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** How a tool ended. */
export interface ToolOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a tool of the root's devDependencies in `cwd`, whatever its exit code.
 *
 * @param script path of its JavaScript under `node_modules`, as in `typescript/bin/tsc`
 */
export function runTool(script: string, args: readonly string[], cwd: string): Promise<ToolOutput> {
  const path = join(import.meta.dirname, '..', '..', 'node_modules', script);
  const options = { cwd, maxBuffer: 2 ** 28, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } };
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], options, (error, stdout, stderr) => {
      resolve({
        exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
        // With CI set, oxfmt paints its output whatever NO_COLOR says.
        stdout: stripVTControlCharacters(stdout),
        stderr: stripVTControlCharacters(stderr),
      });
    });
  });
}
