// npm run mutants [-- id …]: breaks the sources one place at a time and expects the named test to fail. Last line: `N of N mutants caught`.
import { ALL_MUTANTS } from './all-mutants.ts';
import { Laboratory } from './laboratory.ts';

const wanted = process.argv.slice(2);
const mutants =
  wanted.length === 0 ? ALL_MUTANTS : ALL_MUTANTS.filter(({ id }) => wanted.some((part) => id.startsWith(part)));

const laboratory = await Laboratory.open();
let caught = 0;
try {
  // A test that fails on sound sources catches everything and proves nothing.
  const sound = new Map<string, string | undefined>();
  for (const mutant of mutants) {
    const name = `${mutant.test} ${mutant.testName ?? ''}`;
    if (!sound.has(name)) sound.set(name, await laboratory.faultOfSound(mutant));
    const fault = sound.get(name) ?? (await laboratory.faultOf(mutant));
    if (fault === undefined) caught += 1;
    console.log(`${fault === undefined ? 'caught ' : 'ALIVE  '} ${mutant.id.padEnd(38)} ${fault ?? mutant.title}`);
  }
} finally {
  await laboratory.close();
}
console.log(`${caught} of ${mutants.length} mutants caught`);
process.exitCode = caught === mutants.length && mutants.length > 0 ? 0 : 1;
