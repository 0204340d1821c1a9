import { InputInvalid } from './errors.ts';
import type { StreamAppend } from './event-store.ts';
import type { StreamRef } from './message.ts';

/**
 * What a store checks of the streams of a call, before anything is sent. Pure.
 * @param written the streams with events. @param maxEvents most events of one call, over all its streams.
 * @throws {@link InputInvalid} `LF_APPEND_TOO_LARGE` · `LF_STREAM_REPEATED`
 */
export function checkAppends(written: readonly StreamAppend[], maxEvents: number): void {
  const count = written.reduce((sum, { events }) => sum + events.length, 0);
  if (count > maxEvents) {
    throw new InputInvalid(
      'LF_APPEND_TOO_LARGE',
      `one append of ${count} events; the limit is ${maxEvents} (limits.appendEvents), since other writers of these streams wait meanwhile: append in parts`,
    );
  }
  if (written.length === 1) return;
  const seen = new Set<string>();
  for (const { stream } of written) {
    const key = `${stream.tenant}/${stream.id}`;
    if (seen.has(key)) {
      throw new InputInvalid('LF_STREAM_REPEATED', `${stream.id} occurs twice in one append; put its events together`);
    }
    seen.add(key);
  }
}

/**
 * A stream keeps the category of its first append: another one that makes the same id is refused wherever it is met.
 * @throws {@link InputInvalid} `LF_STREAM_CATEGORY`
 */
export function checkCategory(stream: StreamRef, category: string): void {
  if (category === stream.category) return;
  throw new InputInvalid(
    'LF_STREAM_CATEGORY',
    `the stream ${stream.id} belongs to the category ${category}, not ${stream.category}; rename one of the two so that no ids meet`,
  );
}
