import { join } from 'node:path';
import { closingLine } from '../setup/count-tests.ts';
import { gates, runChecks } from './run-checks.ts';

// `npm run check`: every gate. `npm run check -- boundaries lint` runs the named ones.

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !gates.some((gate) => gate.name === name));
if (unknown.length > 0) {
  console.error(`There is no check '${unknown[0]}'; there are ${gates.map((gate) => gate.name).join(', ')}.`);
  process.exitCode = 1;
} else {
  const chosen = wanted.length === 0 ? gates : gates.filter((gate) => wanted.includes(gate.name));
  const count = await runChecks(join(import.meta.dirname, '..', '..'), chosen);
  console.log(`\n${closingLine({ ...count, skipped: 0 })}`);
  if (count.failed > 0) process.exitCode = 1;
}
