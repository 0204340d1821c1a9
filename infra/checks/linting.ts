import type { Gate } from './gate.ts';
import { runTool } from './run-tool.ts';

interface LintReport {
  readonly number_of_files: number;
  readonly diagnostics: readonly {
    readonly code: string;
    readonly message: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number; readonly column: number } }[];
  }[];
}

/** No file breaks a rule of `.oxlintrc.json`; the rules that need types read the tsconfig that includes the file. */
export const linting: Gate = {
  name: 'lint',
  async check(root) {
    const args = ['--type-aware', '--deny-warnings', '--format=json'];
    const { exitCode, stdout, stderr } = await runTool('oxlint/bin/oxlint', args, root);
    const report = parse(stdout);
    if (report === undefined) return { checked: 0, findings: [`oxlint ended with ${exitCode}: ${stdout}${stderr}`] };
    const findings = report.diagnostics.map(({ code, message, filename, labels }) => {
      const span = labels[0]?.span;
      return `${filename}:${span?.line ?? 1}:${span?.column ?? 1} ${code} ${message.split('\n')[0]}`;
    });
    if (exitCode !== 0 && findings.length === 0) findings.push(`oxlint ended with ${exitCode}: ${stderr}`);
    return { checked: report.number_of_files, findings: findings.toSorted() };
  },
};

function parse(output: string): LintReport | undefined {
  try {
    return JSON.parse(output) as LintReport;
  } catch {
    return undefined;
  }
}
