import { DefinitionError } from '@leftfold/core';
import type { KafkaOptions } from '../options.ts';
import type { ThreadOptions } from './thread-messages.ts';

/** What stays in the caller's thread: records cross encoded, and nobody reads or reports in the others. */
const STAYING: ReadonlySet<string> = new Set(['codec', 'threads', 'metrics', 'logger']);

/**
 * The part of the settings that threads make their clients of.
 * @throws DefinitionError `LF_OPTION_OUT_OF_RANGE` when one of them cannot go to another thread, as a function
 */
export function threadOptions(options: KafkaOptions): ThreadOptions {
  const crossing = Object.entries(options).filter(([name, value]) => !STAYING.has(name) && value !== undefined);
  for (const [name, value] of crossing) {
    try {
      structuredClone(value);
    } catch {
      // The clone's own error would quote what it could not take, which may be a secret.
      throw new DefinitionError(
        'LF_OPTION_OUT_OF_RANGE',
        `kafka({ ${name} }) holds a function, or another thing that cannot go to another thread; with threads give it as plain values, or set threads: 0`,
      );
    }
  }
  return Object.fromEntries(crossing) as unknown as ThreadOptions;
}
