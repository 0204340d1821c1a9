import { expect, test } from 'vitest';
import { withPoint } from './with-point.ts';

test.each([
  ['1250', 2, '12.50'],
  ['-1250', 2, '-12.50'],
  ['-5', 2, '-0.05'],
  ['0', 3, '0.000'],
  ['-7', 0, '-7'],
])('%s of scale %i is %s', (unscaled, scale, text) => {
  expect(withPoint(unscaled, scale)).toBe(text);
});
