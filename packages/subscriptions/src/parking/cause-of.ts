import { thrownText } from '../folding/thrown-text.ts';
import { AtEvent } from '../following/at-event.ts';
import type { ParkedCause } from '../parked.ts';

/** Why an event is parked, from what was thrown: of an error of a fold the one that the fold threw has the stack that people look for. */
export function causeOf(thrown: unknown): ParkedCause {
  const error = thrown instanceof AtEvent ? thrown.cause : thrown;
  if (!(error instanceof Error)) return { code: typeof error, text: thrownText(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const { stack = error.stack } = error.cause instanceof Error ? error.cause : error;
  return { code, text: error.message, ...(stack !== undefined && { stack }) };
}
