import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestReport } from './count-tests.ts';
import { runCommand } from './run-command.mjs';

/** How a run of vitest ended, and what it reported; no report when it broke off. */
export interface VitestRun {
  readonly exitCode: number;
  readonly report: TestReport | undefined;
}

/** Runs vitest on this terminal. @param env on top of ours. */
export async function runVitest(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<VitestRun> {
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-test-'));
  const reportFile = join(folder, 'report.json');
  const exitCode = await runCommand(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...args,
    ],
    { cwd: root, env: { ...process.env, ...env } },
  );
  const report = existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport) : undefined;
  rmSync(folder, { recursive: true, force: true });
  return { exitCode, report };
}
