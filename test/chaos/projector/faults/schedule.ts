import type { CutPlan, SeededRandom } from '@leftfold/testing';

/** What is done to the run. Projectors are numbered from 0. */
export type Fault =
  /** `kill -9`, and another one in its place. */
  | { readonly kind: 'kill'; readonly projector: number }
  /** A stop in order, which gives its lanes to the others, and a start, which takes some back: rebalances under load. */
  | { readonly kind: 'leave'; readonly projector: number; readonly awayMs: number }
  /** SIGSTOP until session and lease are over and others have its lanes, then SIGCONT. */
  | { readonly kind: 'freeze'; readonly projector: number }
  /** The same, with a COMMIT on its way that reaches the server only after others have the lanes. */
  | { readonly kind: 'zombie'; readonly projector: number }
  | { readonly kind: 'kill broker'; readonly broker: number; readonly downMs: number }
  | { readonly kind: 'freeze broker'; readonly broker: number; readonly frozenMs: number }
  | { readonly kind: 'move leaders'; readonly topic: string }
  /** The connections of the next projectors that send such a statement. */
  | { readonly kind: 'cut'; readonly plan: Omit<CutPlan, 'at'> & { readonly at: 'before' | 'during' | 'after' } }
  | { readonly kind: 'cut all' }
  | { readonly kind: 'terminate'; readonly backends: number }
  | { readonly kind: 'crash postgres' }
  /** Somebody asks for everything that is parked: it fails again, unless the code was mended. */
  | { readonly kind: 'ask' };

/** After so many milliseconds since the one before was dealt with. */
export interface Planned {
  readonly afterMs: number;
  readonly fault: Fault;
}

/** Who may be met by what. */
export interface Targets {
  readonly projectors: number;
  readonly brokers: readonly number[];
  readonly topics: readonly string[];
}

/** Where an effect could come twice, or not at all: the first ones of each run, however short. */
const CORE: readonly Fault['kind'][] = ['zombie', 'cut', 'kill', 'ask'];

/** The faults of a run, without end; the same for the same seed. First one of each kind, in random order; then whatever comes, the cheap ones more often. */
export function* schedule(random: SeededRandom, targets: Targets, spacingMs: number): Generator<Planned, never> {
  const projector = (): number => random.below(targets.projectors);
  const makers: Readonly<Record<Fault['kind'], () => Fault>> = {
    kill: () => ({ kind: 'kill', projector: projector() }),
    leave: () => ({ kind: 'leave', projector: projector(), awayMs: random.below(1_500) }),
    freeze: () => ({ kind: 'freeze', projector: projector() }),
    zombie: () => ({ kind: 'zombie', projector: projector() }),
    'kill broker': () => ({ kind: 'kill broker', broker: random.one(targets.brokers), downMs: random.below(2_500) }),
    'freeze broker': () => ({
      kind: 'freeze broker',
      broker: random.one(targets.brokers),
      frozenMs: 1_000 + random.below(2_000),
    }),
    'move leaders': () => ({ kind: 'move leaders', topic: random.one(targets.topics) }),
    cut: () => ({
      kind: 'cut',
      plan: {
        at: random.one(['before', 'during', 'after', 'after']),
        statement: random.one(['commit', 'commit', 'insert into', '.checkpoints']),
        times: 1 + random.below(4),
      },
    }),
    'cut all': () => ({ kind: 'cut all' }),
    terminate: () => ({ kind: 'terminate', backends: 1 + random.below(6) }),
    'crash postgres': () => ({ kind: 'crash postgres' }),
    ask: () => ({ kind: 'ask' }),
  };
  const kinds = Object.keys(makers) as Fault['kind'][];
  const cheap: readonly Fault['kind'][] = ['kill', 'kill', 'leave', 'cut', 'cut', 'cut', 'cut all', 'terminate', 'ask'];
  const one = (kind: Fault['kind']): Planned => ({
    afterMs: Math.round(spacingMs * (0.5 + random.fraction())),
    fault: makers[kind](),
  });
  for (const due of [CORE, kinds.filter((kind) => !CORE.includes(kind))]) {
    const left = [...due];
    while (left.length > 0) yield one(left.splice(random.below(left.length), 1)[0] as Fault['kind']);
  }
  for (;;) yield one(random.one([...kinds, ...cheap]));
}

/** For people: the schedule is printed as it is carried out. */
export function faultText({ kind, ...parts }: Fault): string {
  const said = Object.entries(parts).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return [kind, ...said].join(', ');
}
