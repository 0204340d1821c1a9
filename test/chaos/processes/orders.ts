/** What the run tells one of its processes. */
export type Order = 'rest' | 'go' | 'stop' | 'careless';
/** What a process tells the run. */
export type Report =
  | 'ready'
  | 'resting'
  | { readonly calls: number }
  | { readonly lane: string; readonly place: string };

/** Tells the process that started this one. */
export function tell(report: Report): void {
  if (process.connected === true) process.send?.(report);
}

/** The orders of a process, as its crew meets them. Without a starter it does not go on. */
export class Orders {
  /** How many must rest until all do. */
  crew: number = 1;
  readonly #stop = new AbortController();
  #resting = 0;
  #go: PromiseWithResolvers<void> | undefined;
  #careless: (() => void) | undefined;

  constructor() {
    process.on('message', (order: Order) => this.#take(order));
    process.on('disconnect', () => process.exit());
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }
  get stop(): AbortSignal {
    return this.#stop.signal;
  }
  /** What is done when the order comes to be careless with connections. */
  onCareless(act: () => void): void {
    this.#careless = act;
  }

  /** Waits while there is the order to rest. */
  async rest(): Promise<void> {
    if (this.#go === undefined) return;
    this.#resting += 1;
    if (this.#resting === this.crew) tell('resting');
    await this.#go.promise;
    this.#resting -= 1;
  }

  #take(order: Order): void {
    if (order === 'rest') this.#go ??= Promise.withResolvers();
    if (order === 'careless') this.#careless?.();
    if (order === 'stop') this.#stop.abort();
    if (order !== 'go' && order !== 'stop') return;
    this.#go?.resolve();
    this.#go = undefined;
  }
}
