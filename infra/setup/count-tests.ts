/** The part of vitest's JSON report that is counted. */
export interface TestReport {
  readonly testResults: readonly {
    /** Absolute path of the test file. */
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** What one or several runs came to. `problems` says in words what no test could say. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly problems: readonly string[];
}

/**
 * Counts a run so that nothing looks better than it was: a file that failed outside its tests, a file that was never
 * run, a run that crashed or ended without a report are failures, each counted as one.
 *
 * @param report vitest's report; `undefined` when it wrote none
 * @param exitCode of vitest
 * @param expectedFiles absolute paths of the test files that had to run
 */
export function countTests(
  report: TestReport | undefined,
  exitCode: number,
  expectedFiles: readonly string[],
): TestCount {
  const problems: string[] = [];
  let [passed, failed, skipped] = [0, 0, 0];
  for (const file of report?.testResults ?? []) {
    const failedInFile = file.assertionResults.filter((test) => test.status === 'failed').length;
    const passedInFile = file.assertionResults.filter((test) => test.status === 'passed').length;
    passed += passedInFile;
    failed += failedInFile;
    skipped += file.assertionResults.length - failedInFile - passedInFile;
    if (file.status === 'failed' && failedInFile === 0) problems.push(`${file.name} failed outside its tests`);
  }
  const ran = new Set(report?.testResults.map((file) => file.name));
  for (const file of expectedFiles) {
    if (!ran.has(file)) problems.push(`${file} was not run; vitest.config.ts says which files belong to which project`);
  }
  if (report === undefined) problems.push(`vitest ended with exit code ${exitCode} and without a report`);
  else if (ran.size === 0) problems.push('no test file was run');
  else if (exitCode !== 0 && failed + problems.length === 0) {
    problems.push(
      `vitest ended with exit code ${exitCode} though no test failed (an error outside the tests, see above)`,
    );
  }
  return { passed, failed: failed + problems.length, skipped, problems };
}

/** The last line of a run. Skipped tests are named only when there are any: each is a defect. */
export function closingLine(count: Pick<TestCount, 'passed' | 'failed' | 'skipped'>): string {
  return `${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`;
}
