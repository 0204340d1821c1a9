import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs a program on this terminal and resolves with its exit code, as a shell would give it. Ending this process ends
 * the program first.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ readonly cwd: string, readonly env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>}
 */
export function runCommand(program, args, options) {
  const child = spawn(program, args, { stdio: 'inherit', ...options });
  const forward = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  // A terminal sends Ctrl-C to both: the program decides what it means, and this process stays for its exit code.
  const outlive = () => undefined;
  process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', outlive);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGHUP', forward).off('SIGINT', outlive);
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}
