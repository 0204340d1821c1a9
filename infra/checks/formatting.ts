import type { Gate } from './gate.ts';
import { runTool } from './run-tool.ts';

/** Every file has the form that `npm run format` gives it (`.oxfmtrc.json`). */
export const formatting: Gate = {
  name: 'format',
  async check(root) {
    const { exitCode, stdout, stderr } = await runTool('oxfmt/bin/oxfmt', ['--check', '.'], root);
    const checked = Number(/^Finished in .* on (\d+) files/m.exec(stdout)?.[1] ?? 0);
    const files = [...stdout.matchAll(/^(.+) \(\d+(?:\.\d+)?\w*s\)$/gm)].map((match) => match[1] ?? '');
    if (exitCode === 0) return { checked, findings: [] };
    if (files.length === 0) return { checked, findings: [`oxfmt ended with ${exitCode}: ${stdout}${stderr}`] };
    return { checked, findings: files.map((file) => `${file} is not formatted; run npm run format`) };
  },
};
