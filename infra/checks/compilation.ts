import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Gate } from './gate.ts';
import { runTool, type ToolOutput } from './run-tool.ts';
import { trackedFiles } from './tracked-files.ts';

/**
 * The workspace compiles: the projects that the root's tsconfig.json names and every project under `test/`. Each
 * TypeScript file belongs to at least one of them, so none is forgotten; `tsc` alone would not say so.
 */
export const compilation: Gate = {
  name: 'types',
  async check(root) {
    const files = trackedFiles(root);
    const ofTests = files.filter((file) => /^test\/(.+\/)?tsconfig\.json$/.test(file));
    // With --force, because tsc 7.0.2 repeats old findings after a change of `lib`; it costs a second.
    const build = await tsc(['--build', '--force', '--pretty', 'false', 'tsconfig.json', ...ofTests], root);
    const findings = linesOf(build).filter((line) => line.includes(': error TS') || line.startsWith('error TS'));
    if (build.exitCode !== 0 && findings.length === 0) findings.push(`tsc ended with ${build.exitCode}`);

    const projects = [...referencesOf(root), ...ofTests];
    const lists = await Promise.all(projects.map((project) => tsc(['--project', project, '--listFilesOnly'], root)));
    const compiled = new Set(lists.flatMap(linesOf).map((file) => relative(root, file)));
    const sources = files.filter((file) => /\.[cm]?ts$/.test(file));
    for (const file of sources) {
      if (!compiled.has(file)) findings.push(`${file} belongs to no tsconfig, so nothing checks its types`);
    }
    return { checked: sources.length, findings };
  },
};

const tsc = (args: readonly string[], root: string) => runTool('typescript/bin/tsc', args, root);

const linesOf = (output: ToolOutput) => output.stdout.split(/\r?\n/).filter((line) => line !== '');

function referencesOf(root: string): readonly string[] {
  const config = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    references?: readonly { path: string }[];
  };
  return config.references?.map(({ path }) => (path.endsWith('.json') ? path : join(path, 'tsconfig.json'))) ?? [];
}
