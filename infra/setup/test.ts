import { join } from 'node:path';
import { runChecks } from '../checks/run-checks.ts';
import { trackedFiles } from '../checks/tracked-files.ts';
import { closingLine, countTests } from './count-tests.ts';
import { runVitest } from './run-vitest.ts';

// `npm test`: every check, then every test; the last line sums them up. With arguments (`npm test -- packages/core`,
// `npm test -- -t 'L1'`) it runs only the tests that they choose, and leaves the checks to `npm run check`.

const root = join(import.meta.dirname, '..', '..');
const args = process.argv.slice(2);
const isWholeRun = args.length === 0;

const gates = isWholeRun ? await runChecks(root) : { passed: 0, failed: 0 };
const { exitCode, report } = await runVitest(root, args);

// Those of other servers have a command of their own, `npm run test:other-servers`.
const isOurs = (file: string): boolean => file.endsWith('.test.ts') && !file.endsWith('.other.test.ts');
const expected = isWholeRun ? trackedFiles(root).filter(isOurs) : [];
const tests = countTests(
  report,
  exitCode,
  expected.map((file) => join(root, file)),
);
const sum = { ...tests, passed: gates.passed + tests.passed, failed: gates.failed + tests.failed };
for (const problem of tests.problems) console.log(`FAIL ${problem}`);
const seconds = Math.round(process.uptime());
console.log(`\nTook ${Math.floor(seconds / 60)} min ${seconds % 60} s after the set-up.\n${closingLine(sum)}`);
// Tests that a filter leaves out are skipped on purpose.
if (sum.failed > 0 || (isWholeRun && sum.skipped > 0)) process.exitCode = 1;
