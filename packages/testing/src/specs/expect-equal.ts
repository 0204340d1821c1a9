import assert, { AssertionError } from 'node:assert/strict';

/** Throws an `AssertionError` that says `what` and shows the difference, unless both are deeply equal. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  try {
    assert.deepStrictEqual(actual, expected);
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    const difference = error.message.replace(/^Expected values to be strictly deep-equal:\n/, '');
    throw new AssertionError({ message: `${what}\n${difference}`, actual, expected, operator: 'deepStrictEqual' });
  }
}

/** Throws an `AssertionError` with this message. */
export function fail(message: string): never {
  throw new AssertionError({ message });
}
