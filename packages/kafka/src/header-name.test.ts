import { expect, test } from 'vitest';
import { headerName } from './header-name.ts';

test('a name has the same bytes each time, also one after a thousand others', () => {
  for (let i = 0; i < 1_500; i++) expect(headerName(`name-${i}`).toString()).toBe(`name-${i}`);
  expect(headerName('name-1')).toBe(headerName('name-1'));
  expect(headerName('é-1499-other')).toEqual(Buffer.from('é-1499-other'));
});
