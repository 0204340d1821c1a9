import type { CutPlan, SeededRandom } from '@leftfold/testing';

/** What is done to the run. */
export type Fault =
  | { readonly kind: 'kill'; readonly who: string }
  | { readonly kind: 'freeze'; readonly who: string }
  | { readonly kind: 'careless'; readonly who: string }
  /** So many backends, each ended by the server. */
  | { readonly kind: 'terminate'; readonly backends: number }
  | { readonly kind: 'crash' }
  /** A crash that forgets transaction ids which readers outside the cluster have seen (hazard L18). */
  | { readonly kind: 'forget' }
  /** The next connections of writers that send such a statement. */
  | { readonly kind: 'cut'; readonly plan: CutPlan }
  | { readonly kind: 'cut all' };

/** What writes, as parts of its text: appends by themselves, and what ends a caller's transaction. */
const WRITING = ['insert into', '.streams', 'commit', 'prepare transaction', 'commit prepared'];

const PLACES: readonly CutPlan['at'][] = ['before', 'during', 'after', 'held'];

/** After so many calls since the one before. */
export interface Planned {
  readonly afterCalls: number;
  readonly fault: Fault;
  /** One of those that no run goes without. */
  readonly isDue: boolean;
}

/** Who may be met by what. */
export interface Targets {
  readonly writers: readonly string[];
  readonly readers: readonly string[];
  readonly careless: readonly string[];
  /** Readers that number what they send: only some kills fall where the numbers could go wrong. */
  readonly numbering: readonly string[];
}

/**
 * The faults of a run, without end; the same for the same seed. The first ones, in random order, are those that no run goes without; then
 * whatever comes.
 * @param spacing calls between two faults, on average.
 */
export function* schedule(random: SeededRandom, targets: Targets, spacing: number): Generator<Planned, never> {
  const cut = (at: CutPlan['at']): Fault => ({
    kind: 'cut',
    plan: { at, statement: random.one(WRITING), times: 1 + random.below(4) },
  });
  const makers: Record<Fault['kind'], () => Fault> = {
    kill: () => ({ kind: 'kill', who: random.one([...targets.readers, ...targets.readers, ...targets.writers]) }),
    freeze: () => ({ kind: 'freeze', who: random.one([...targets.readers, ...targets.writers]) }),
    careless: () => ({ kind: 'careless', who: random.one(targets.careless) }),
    terminate: () => ({ kind: 'terminate', backends: 1 + random.below(5) }),
    crash: () => ({ kind: 'crash' }),
    forget: () => ({ kind: 'forget' }),
    cut: () => cut(random.one(PLACES)),
    'cut all': () => ({ kind: 'cut all' }),
  };
  const often: readonly Fault['kind'][] = [
    'kill',
    'kill',
    'kill',
    'kill',
    'cut',
    'cut',
    'cut',
    'cut all',
    'terminate',
    'terminate',
    'careless',
    'freeze',
  ];
  const one = (fault: Fault, isDue: boolean): Planned => ({
    afterCalls: Math.round(spacing * (0.5 + random.fraction())),
    fault,
    isDue,
  });
  const first: Fault[] = [
    ...[...targets.readers, ...targets.numbering, ...targets.numbering].map((who): Fault => ({ kind: 'kill', who })),
    ...targets.writers.slice(0, 1).map((who): Fault => ({ kind: 'kill', who })),
    ...targets.careless.map((who): Fault => ({ kind: 'careless', who })),
    makers.terminate(),
    makers.crash(),
    makers.forget(),
    ...PLACES.map(cut),
    makers['cut all'](),
  ];
  while (first.length > 0) yield one(first.splice(random.below(first.length), 1)[0] as Fault, true);
  const rare: readonly Fault['kind'][] = ['crash', 'crash', 'forget'];
  for (;;) yield one(makers[random.one(random.below(5) === 0 ? rare : often)](), false);
}

/** For people: the schedule is printed as it is carried out. */
export function faultText(fault: Fault): string {
  if ('who' in fault) return `${fault.kind} ${fault.who}`;
  if ('plan' in fault) return `cut ${fault.plan.times} connections: ${fault.plan.at} '${fault.plan.statement}'`;
  return fault.kind === 'terminate' ? `terminate ${fault.backends} backends` : fault.kind;
}
