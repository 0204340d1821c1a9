import type { Row } from '../result.ts';
import type { Run } from '../run.ts';

/** One of the workloads: prepares what it needs, compares, cleans up. */
export type Workload = (run: Run) => Promise<readonly Row[]>;
