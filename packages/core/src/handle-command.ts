import { ConcurrencyExhausted } from './errors.ts';
import type { StreamVersion } from './message.ts';

/** A state, and the version it was folded up to. */
export interface Loaded<out S> {
  readonly state: S;
  readonly version: StreamVersion;
}
/** What the write loop needs of a stream, or of several that are decided on together. */
export interface CommandStream<Seen extends { readonly state: unknown }, D, Written> {
  /** For people. */
  readonly id: string;
  load(): Promise<Seen>;
  /** Records a decision made on what was seen; `undefined`: the stream stands elsewhere by now, decide again. */
  append(seen: Seen, decision: D): Promise<Written | undefined>;
}

/**
 * The write loop: load, decide, append; on a conflict load and decide again. The decision is all that is repeated, so it must be pure.
 *
 * Within a process the commands of a stream queue up, so a conflict comes from another process: the pause before the next attempt is drawn at
 * random up to twice the one before, so that two processes do not meet again; up to a quarter of a second, since the stream's other commands wait meanwhile.
 *
 * @param attempts at least 1.
 * @throws {@link ConcurrencyExhausted} `LF_CONCURRENCY_EXHAUSTED` when the stream changed during every attempt; whatever `load`, `decide` and `append` throw
 */
export async function handleCommand<Seen extends { readonly state: unknown }, D, Written>(
  stream: CommandStream<Seen, D, Written>,
  decide: (state: Seen['state']) => D,
  attempts: number,
  pause: (upToMs: number) => Promise<void> = jitter,
): Promise<{ readonly decision: D; readonly written: Written }> {
  for (let attempt = 1; ; attempt++) {
    const seen = await stream.load();
    const decision = decide(seen.state);
    const written = await stream.append(seen, decision);
    if (written !== undefined) return { decision, written };
    if (attempt === attempts) throw new ConcurrencyExhausted(stream.id, attempt);
    await pause(Math.min(PAUSE_MS.first * 2 ** (attempt - 1), PAUSE_MS.most));
  }
}

const PAUSE_MS = { first: 4, most: 250 };

declare function setTimeout(callback: () => void, ms: number): unknown;
const jitter = (upToMs: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, Math.random() * upToMs));
