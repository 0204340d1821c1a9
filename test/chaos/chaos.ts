// npm run chaos -- log --minutes N --seed S: real processes against a real Postgres under faults, and a check of what they have recorded. Prints the seed
// and, as it is carried out, the schedule. Last line: the verdict; exit code 1 on any violation.
import { parseArgs } from 'node:util';
import { runLog } from './log/run/run-log.ts';

const SHOWN = 20;
/** Of the log: not fewer transactions than this, however fast the minutes pass. */
const LEAST_CALLS = 12_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    calls: { type: 'string', default: String(LEAST_CALLS) },
  },
});
const [minutes, seed, calls] = [Number(values.minutes), Number(values.seed), Number(values.calls)];
if (positionals.join() !== 'log' || !(minutes >= 0) || !Number.isInteger(seed) || !Number.isInteger(calls)) {
  console.error(
    'npm run chaos -- log [--minutes 3] [--seed 1] [--calls 12000]: the log is the one thing that is tortured so far',
  );
  process.exit(2);
}

console.log(`log: seed ${seed}, at least ${minutes} minutes and ${calls} calls`);
const run = { seed, minutes, calls, spacing: 120, patienceMs: 60_000, print: console.log };
const { violations, transactions, events, folder } = await runLog(run);
for (const { invariant, what } of violations.slice(0, SHOWN)) console.log(`${invariant.toUpperCase()}: ${what}`);
if (violations.length > SHOWN) console.log(`… and ${violations.length - SHOWN} more`);
if (folder !== undefined) console.log(`The history lies in ${folder}`);
const number = (count: number): string => count.toLocaleString('en');
console.log(`${number(events)} events stored`);
console.log(`log: ${number(transactions)} transactions, ${number(violations.length)} violations, seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
