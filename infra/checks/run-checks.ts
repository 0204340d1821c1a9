import { boundaries } from './boundaries.ts';
import { dependencies } from './dependencies.ts';
import { formatting } from './formatting.ts';
import type { Gate } from './gate.ts';
import { linting } from './linting.ts';
import { names } from './names.ts';
import { texts } from './texts.ts';
import { compilation } from './compilation.ts';
import { unused } from './unused.ts';

/** Every gate, the quick ones first. */
export const gates: readonly Gate[] = [
  names,
  texts,
  boundaries,
  dependencies,
  formatting,
  compilation,
  linting,
  unused,
];

/** How many findings of one gate are printed. */
const printedFindings = 50;

/** Runs the gates one after the other, prints a line for each and what they found, and counts them. */
export async function runChecks(root: string, chosen = gates): Promise<{ passed: number; failed: number }> {
  let [passed, failed] = [0, 0];
  for (const gate of chosen) {
    const started = performance.now();
    const { checked, findings } = await gate.check(root);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const holds = findings.length === 0 && checked > 0;
    if (holds) passed++;
    else failed++;
    const found = checked === 0 ? 'it looked at nothing' : `${findings.length} findings`;
    console.log(`${holds ? 'ok  ' : 'FAIL'} ${gate.name.padEnd(12)} ${checked} checked, ${found}, ${seconds} s`);
    for (const finding of findings.slice(0, printedFindings)) console.log(`     ${finding}`);
    if (findings.length > printedFindings) console.log(`     … and ${findings.length - printedFindings} more`);
  }
  return { passed, failed };
}
