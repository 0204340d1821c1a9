import { expect, test, vi } from 'vitest';
import { runChecks } from './run-checks.ts';

test('a gate that looked at nothing has failed, like one with findings', async () => {
  const print = vi.spyOn(console, 'log').mockReturnValue();
  const gate = (checked: number, ...findings: string[]) => ({
    name: 'gate',
    check: () => Promise.resolve({ checked, findings }),
  });
  expect(await runChecks('.', [gate(1), gate(0), gate(1, 'a finding')])).toEqual({ passed: 1, failed: 2 });
  print.mockRestore();
});
