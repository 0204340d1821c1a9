/** What was thrown, as text, whatever it was: an object without a prototype has none of its own, and some throw when they are asked. */
export function thrownText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a ${typeof thrown} that has no text`;
  }
}
