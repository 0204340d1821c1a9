import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';
import { setUp } from './set-up.mjs';
import { SetUpError } from './set-up-error.mjs';

const build = ['node_modules/typescript/bin/tsc', '--build'];

/**
 * What `npm run <task>` runs: one or more commands for the pinned Node, one after the other while they succeed. The
 * last one gets the arguments of the command line. They run on the sources, except the apps of the demo, whose
 * decorators Node cannot strip.
 *
 * @type {Record<string, readonly (readonly string[])[]>}
 */
export const tasks = {
  bench: [['test/bench/bench.ts']],
  'bench:storage': [['test/bench/storage.ts']],
  build: [build],
  // The independent reader's unpatched kafkajs counts its throttle timers below zero (hazard R7).
  chaos: [['--disable-warning=TimeoutNegativeWarning', 'test/chaos/chaos.ts']],
  check: [['infra/checks/check.ts']],
  // As above: the audit's own kafkajs.
  demo: [build, ['--disable-warning=TimeoutNegativeWarning', 'test/demo/demo.ts']],
  format: [['node_modules/oxfmt/bin/oxfmt']],
  mutants: [['test/mutants/run.ts']],
  schema: [['apps/orders/src/schema.ts']],
  servers: [['infra/src/servers.ts']],
  test: [['infra/setup/test.ts']],
  'test:other-servers': [['infra/setup/test-other-servers.ts']],
};

/**
 * Sets the project up if it is not, then runs the task and ends with its exit code. What stops the set-up is told in
 * one sentence and a remedy, with exit code 1.
 *
 * @param {string | undefined} task
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 */
export async function runTask(task, args) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  try {
    const commands = tasks[task ?? ''];
    if (commands === undefined) {
      throw new SetUpError(
        `There is no task '${task ?? ''}'.`,
        `use one of ${Object.keys(tasks).join(', ')}: npm run <task>.`,
      );
    }
    const node = await setUp(root);
    const path = [join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
    const options = { cwd: root, env: { ...process.env, PATH: path } };
    for (const [index, command] of commands.entries()) {
      const more = index === commands.length - 1 ? args : [];
      process.exitCode = await runCommand(node, ['--conditions=leftfold:source', ...command, ...more], options);
      if (process.exitCode !== 0) return;
    }
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
