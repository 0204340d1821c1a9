import { createRequire } from 'node:module';
import { KafkajsUnsupported } from '../errors.ts';

/** The part of kafkajs' request queue that the remedy calls. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: unknown;
  checkPendingRequests(): void;
}
/** What {@link remedyKafkajsTimer} works on; the real one unless a test gives another. */
export interface KafkajsInternals {
  readonly version: string;
  readonly requestQueue: object;
}

const SUPPORTED = '2.2.4';
const RECHECK_MS = 10;
const REMEDIED = Symbol.for('leftfold.kafkajs-timer');

/**
 * Stops the timer kafkajs 2.2.4 runs for each idle connection: `throttledUntil` is -1 when nothing is throttled, so its check re-arms itself
 * with a negative delay, 2,333 times a second (R7, kafkajs #1751). In memory only, for the whole process, once.
 *
 * Safe, because with nothing pending there is nothing to check: a new request and each answer check by themselves.
 *
 * Another version is refused and not just warned about: the source rests on internals too (a pause made inside `GROUP_JOIN` takes effect before
 * the first fetch; a batch tells its `fetchedOffset`), which nobody has proved there.
 * @throws {@link KafkajsUnsupported} `LF_KAFKAJS_UNSUPPORTED` for another version, or the method in another shape.
 */
export function remedyKafkajsTimer(internals: KafkajsInternals = installedKafkajs()): void {
  if (internals.version !== SUPPORTED) throw new KafkajsUnsupported(`version ${internals.version}`);
  const queue = internals.requestQueue as { scheduleCheckPendingRequests?: unknown };
  const method = queue.scheduleCheckPendingRequests;
  if (typeof method !== 'function') throw new KafkajsUnsupported('a request queue of another shape');
  if (REMEDIED in method) return;
  const text = Function.prototype.toString.call(method);
  if (!text.includes('throttleCheckTimeoutId') || !text.includes('checkPendingRequests'))
    throw new KafkajsUnsupported('a request queue of another shape');
  queue.scheduleCheckPendingRequests = Object.assign(checkOnlyWhatIsPending, { [REMEDIED]: true });
}

function checkOnlyWhatIsPending(this: RequestQueue): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
  const waitMs = Math.max(RECHECK_MS, this.throttledUntil - Date.now());
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, waitMs);
}

function installedKafkajs(): KafkajsInternals {
  const require = createRequire(import.meta.url);
  const { version } = require('kafkajs/package.json') as { version: string };
  // By version first: the path may not exist in another one.
  if (version !== SUPPORTED) throw new KafkajsUnsupported(`version ${version}`);
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: object };
  return { version, requestQueue: prototype };
}
