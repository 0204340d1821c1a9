import { parseArgs } from 'node:util';

export const WORKLOADS = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9', 'W11', 'W12', 'W13'] as const;
export type WorkloadId = (typeof WORKLOADS)[number];

/** What a run was asked for. */
export interface Arguments {
  readonly workloads: readonly WorkloadId[];
  readonly quick: boolean;
  readonly seed: number;
  /** Where all samples go, as JSON. */
  readonly json: string | undefined;
  /** Stored ratios that this run is held against. */
  readonly baseline: string | undefined;
  /** Where this run's ratios become the baseline. */
  readonly saveBaseline: string | undefined;
  /** Where the page for people goes. */
  readonly report: string | undefined;
  /** A JSON file of an earlier run to render or to compare, instead of measuring. */
  readonly from: string | undefined;
}

export const USAGE = `npm run bench -- [W1 W2 …] [--quick] [--seed N] [--json FILE] [--baseline FILE] [--report FILE]

  W1 W2 …               only these workloads, of ${WORKLOADS.join(' ')}; default: all
  --quick               fewer cases, shorter windows, three rounds instead of five
  --seed N              for payloads and choices of streams; default 1
  --json FILE           all samples, with environment and settings
  --baseline FILE       exit code 1 when a ratio has fallen below the one stored there
  --save-baseline FILE  store this run's ratios
  --report FILE         the page docs/benchmarks.md is made of
  --from FILE           measure nothing: take the run that --json has written`;

/** @throws Error with the usage when something is not understood */
export function parseArguments(args: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        seed: text,
        json: text,
        baseline: text,
        'save-baseline': text,
        report: text,
        from: text,
      },
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
  const { values, positionals } = parsed;
  const unknown = positionals.filter((id) => !isWorkload(id));
  if (unknown.length > 0) throw new Error(`there is no workload ${unknown.join(', ')}\n\n${USAGE}`);
  const seed = Number(values.seed ?? '1');
  if (!Number.isSafeInteger(seed)) throw new Error(`the seed is ${values.seed}; it must be a whole number\n\n${USAGE}`);
  return {
    workloads: positionals.length === 0 ? WORKLOADS : WORKLOADS.filter((id) => positionals.includes(id)),
    quick: values.quick ?? false,
    seed,
    json: values.json,
    baseline: values.baseline,
    saveBaseline: values['save-baseline'],
    report: values.report,
    from: values.from,
  };
}

const isWorkload = (id: string): id is WorkloadId => (WORKLOADS as readonly string[]).includes(id);
