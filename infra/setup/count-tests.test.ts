import { expect, test } from 'vitest';
import { closingLine, countTests } from './count-tests.ts';

const file = (name: string, ...statuses: string[]) => ({
  name,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
});

test('passed, failed and skipped tests of all files are summed', () => {
  const report = { testResults: [file('/a', 'passed', 'failed'), file('/b', 'passed', 'pending', 'todo')] };
  const count = countTests(report, 1, ['/a', '/b']);
  expect(count).toEqual({ passed: 2, failed: 1, skipped: 2, problems: [] });
  expect(closingLine(count)).toBe('2 passed, 1 failed, 2 skipped');
});

test('a run without skipped tests does not speak of them', () => {
  expect(closingLine(countTests({ testResults: [file('/a', 'passed')] }, 0, ['/a']))).toBe('1 passed, 0 failed');
});

test.each([
  ['crashed before it wrote a report', undefined, 134, []],
  ['found no test', { testResults: [] }, 0, []],
  ['saw an error outside every test', { testResults: [file('/a', 'passed')] }, 1, ['/a']],
  ['left a test file out', { testResults: [file('/a', 'passed')] }, 0, ['/a', '/b']],
  ['could not load a test file', { testResults: [{ ...file('/a'), status: 'failed' }, file('/b', 'passed')] }, 1, []],
])('a run that %s has a failure', (_what, report, exitCode, expected) => {
  const count = countTests(report, exitCode, expected);
  expect(count.failed).toBe(1);
  expect(count.problems).toHaveLength(1);
});
