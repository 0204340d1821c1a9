import type { Row } from './result.ts';

/** What the profile of a missed bar shows, and what it would take to reach it. Written by hand after a run; the page repeats it beside the figure. */
export interface Finding {
  readonly workload: Row['workload'];
  readonly cases: RegExp;
  readonly text: string;
}

const FINDINGS: readonly Finding[] = [];

/** The finding on a row. */
export function findingOn(row: Pick<Row, 'workload' | 'case'>, findings: readonly Finding[] = FINDINGS): string {
  const found = findings.find(({ workload, cases }) => workload === row.workload && cases.test(row.case));
  return found?.text ?? 'not profiled yet (`test/bench/findings.ts`).';
}
