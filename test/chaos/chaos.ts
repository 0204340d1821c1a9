// npm run chaos -- log|relay|projector --minutes N --seed S: real processes against real servers under faults, and a check of what they have recorded, or left in the
// topics and the read models. Prints the seed and, as it is carried out, the schedule. Last line: the verdict; exit code 1 on any violation.
import { parseArgs } from 'node:util';
import { runLog } from './log/run/run-log.ts';
import { runProjector } from './projector/run/run-projector.ts';
import { runRelay } from './relay/run/run-relay.ts';
import type { Violation } from './violation.ts';

const SHOWN = 20;
/** Of the log: not fewer transactions than this, however fast the minutes pass. */
const LEAST_CALLS = 12_000;
/** Of relay and projector: each kind of fault once, and some of them again. */
const LEAST_FAULTS = 20;
/** Of the projector. */
const LEAST_EVENTS = 120_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    calls: { type: 'string', default: String(LEAST_CALLS) },
    faults: { type: 'string', default: String(LEAST_FAULTS) },
    events: { type: 'string', default: String(LEAST_EVENTS) },
  },
});
const [minutes = 0, seed = 0, calls = 0, faults = 0, leastEvents = 0] = [
  values.minutes,
  values.seed,
  values.calls,
  values.faults,
  values.events,
].map(Number);
const number = (count: number): string => count.toLocaleString('en');

/** What was tortured: what was found, and the last line, which says so. */
interface Verdict {
  readonly violations: readonly Violation[];
  readonly folder: string | undefined;
  readonly text: string;
}
const subjects: Readonly<Record<string, () => Promise<Verdict>>> = {
  log: async () => {
    console.log(`log: seed ${seed}, at least ${minutes} minutes and ${calls} calls`);
    const run = { seed, minutes, calls, spacing: 120, patienceMs: 60_000, print: console.log };
    const { events, transactions, ...verdict } = await runLog(run);
    console.log(`${number(events)} events stored`);
    return { ...verdict, text: `${number(transactions)} transactions` };
  },
  relay: async () => {
    console.log(`relay: seed ${seed}, at least ${minutes} minutes and ${faults} faults`);
    const run = { seed, minutes, faults, spacingMs: 1_000, pauseMs: 30, healMs: 60_000, print: console.log };
    const { events, records, resends, ...verdict } = await runRelay(run);
    return { ...verdict, text: `${number(events)} events, ${number(records)} records, ${number(resends)} re-sends` };
  },
  projector: async () => {
    console.log(`projector: seed ${seed}, at least ${minutes} minutes, ${faults} faults and ${leastEvents} events`);
    const run = { seed, minutes, faults, events: leastEvents, spacingMs: 1_000, pauseMs: 40, healMs: 300_000 };
    const { events, parkedKeys, ...verdict } = await runProjector({ ...run, print: console.log });
    return { ...verdict, text: `${number(events)} events, ${number(parkedKeys)} keys parked and mended` };
  },
};
const [subject = ''] = positionals;
const torture = positionals.length === 1 && Object.hasOwn(subjects, subject) ? subjects[subject] : undefined;
if (
  torture === undefined ||
  !(minutes >= 0) ||
  ![seed, calls, faults, leastEvents].every((each) => Number.isInteger(each))
) {
  console.error('npm run chaos -- log [--minutes 3] [--seed 1] [--calls 12000]');
  console.error('npm run chaos -- relay [--minutes 3] [--seed 1] [--faults 20]');
  console.error('npm run chaos -- projector [--minutes 3] [--seed 1] [--faults 20] [--events 120000]');
  process.exit(2);
}

const { violations, folder, text } = await torture();
for (const { invariant, what } of violations.slice(0, SHOWN)) console.log(`${invariant.toUpperCase()}: ${what}`);
if (violations.length > SHOWN) console.log(`… and ${violations.length - SHOWN} more`);
if (folder !== undefined) console.log(`What all recorded lies in ${folder}`);
console.log(`${subject}: ${text}, ${number(violations.length)} violations, seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
