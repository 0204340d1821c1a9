import type { Gate } from './gate.ts';
import { runTool } from './run-tool.ts';
import { trackedFiles } from './tracked-files.ts';

interface UnusedReport {
  readonly issues: readonly ({ readonly file: string } & Readonly<Record<string, unknown>>)[];
}

/** Every file is reached from an entry of `knip.json`, and every export is imported somewhere. */
export const unused: Gate = {
  name: 'unused',
  async check(root) {
    const { exitCode, stdout, stderr } = await runTool(
      'knip/bin/knip.js',
      ['--reporter', 'json', '--no-progress'],
      root,
    );
    // Nothing found is exit code 0, findings are 1; beyond that knip itself failed.
    if (exitCode > 1) return { checked: 0, findings: [`knip ended with ${exitCode}: ${stdout}${stderr}`] };
    const { issues } = JSON.parse(stdout) as UnusedReport;
    const findings = issues.flatMap(({ file, ...kinds }) =>
      Object.entries(kinds).flatMap(([kind, entries]) => named(entries).map((name) => sentence(file, kind, name))),
    );
    return { checked: trackedFiles(root).filter((file) => /\.[cm]?[jt]s$/.test(file)).length, findings };
  },
};

function named(entries: unknown): readonly string[] {
  return Array.isArray(entries) ? entries.flat().map((entry: { name?: string }) => String(entry.name)) : [];
}

function sentence(file: string, kind: string, name: string): string {
  return kind === 'files' ? `${file} is reached from no entry` : `${file} has ${name} in ${kind}, and nothing uses it`;
}
