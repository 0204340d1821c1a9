import type { KafkaFault, SeededRandom } from '@leftfold/testing';

/** A fault of the connection as it can be written down. */
export type PlainFault = Exclude<KafkaFault, { readonly until: Promise<unknown> }>;

/** What is done to the run. */
export type Fault =
  /** `kill -9` of the relay that has the lane, and another one in its place. */
  | { readonly kind: 'kill'; readonly lane: number }
  /** The same in the midst of a send: before the broker has the records, or when it has them and the relay does not know. */
  | { readonly kind: 'kill unsent' | 'kill unheard'; readonly lane: number }
  /** SIGSTOP until its lease is over and others have its lanes, then SIGCONT. */
  | { readonly kind: 'freeze'; readonly lane: number }
  /** As `freeze`, with a request on its way that reaches the broker only after others have sent the same. */
  | { readonly kind: 'zombie'; readonly lane: number }
  | { readonly kind: 'kill broker'; readonly broker: number; readonly downMs: number }
  | { readonly kind: 'freeze broker'; readonly broker: number; readonly frozenMs: number }
  | { readonly kind: 'move leaders'; readonly topic: string }
  /** The next frames of producing, or their answers. */
  | { readonly kind: 'frames'; readonly on: 'request' | 'answer'; readonly fault: PlainFault; readonly times: number }
  /** A share of all frames, for a time. */
  | { readonly kind: 'mix'; readonly seed: number; readonly share: number; readonly forMs: number }
  | { readonly kind: 'cut all' }
  /** So many backends, each ended by the server. */
  | { readonly kind: 'terminate'; readonly backends: number }
  | { readonly kind: 'crash postgres' };

/** What a mix is of. Most often what nobody is told of, since only time-outs end that. */
export const MIXED: readonly PlainFault[] = ['cut', 'cut-after', 'half', 'drop', { delayMs: 700 }];

/** After so many milliseconds since the one before was dealt with. */
export interface Planned {
  readonly afterMs: number;
  readonly fault: Fault;
}

/** Who may be met by what. */
export interface Targets {
  readonly lanes: number;
  readonly brokers: readonly number[];
  readonly topics: readonly string[];
}

/** Where an order or a number could go wrong: the first ones of each run, however short. */
const CORE: readonly Fault['kind'][] = [
  'kill unsent',
  'kill unheard',
  'zombie',
  'frames',
  'move leaders',
  'kill broker',
];

/** The faults of a run, without end; the same for the same seed. First one of each kind, in random order; then whatever comes, the cheap ones more often. */
export function* schedule(random: SeededRandom, targets: Targets, spacingMs: number): Generator<Planned, never> {
  const lane = (): number => random.below(targets.lanes);
  const makers: Readonly<Record<Fault['kind'], () => Fault>> = {
    kill: () => ({ kind: 'kill', lane: lane() }),
    'kill unsent': () => ({ kind: 'kill unsent', lane: lane() }),
    'kill unheard': () => ({ kind: 'kill unheard', lane: lane() }),
    freeze: () => ({ kind: 'freeze', lane: lane() }),
    zombie: () => ({ kind: 'zombie', lane: lane() }),
    'kill broker': () => ({ kind: 'kill broker', broker: random.one(targets.brokers), downMs: random.below(2_500) }),
    'freeze broker': () => ({
      kind: 'freeze broker',
      broker: random.one(targets.brokers),
      frozenMs: 1_000 + random.below(2_000),
    }),
    'move leaders': () => ({ kind: 'move leaders', topic: random.one(targets.topics) }),
    frames: () => ({
      kind: 'frames',
      on: random.one(['request', 'answer', 'answer']),
      fault: random.one(['cut', 'cut-after', 'half', 'half-open', 'drop', { delayMs: 2_600 }]),
      times: 1 + random.below(3),
    }),
    mix: () => ({ kind: 'mix', seed: random.below(2 ** 31), share: 0.15, forMs: 1_000 + random.below(2_000) }),
    'cut all': () => ({ kind: 'cut all' }),
    terminate: () => ({ kind: 'terminate', backends: 1 + random.below(5) }),
    'crash postgres': () => ({ kind: 'crash postgres' }),
  };
  const kinds = Object.keys(makers) as Fault['kind'][];
  const cheap: readonly Fault['kind'][] = [
    'kill',
    'kill unheard',
    'frames',
    'frames',
    'move leaders',
    'cut all',
    'terminate',
  ];
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
