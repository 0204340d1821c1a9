import { expect, test } from 'vitest';
import { javaRelease } from './java.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "21" 2023-09-19', 21],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
])('the feature release in %j is %s', (description, release) => {
  expect(javaRelease(description)).toBe(release);
});
