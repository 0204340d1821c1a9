import type { Issue } from './kind.ts';

/** A path as people write it: `lines[0].price.cents`; `''` for the value as a whole. */
export const pathText = (path: Issue['path']): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

/** All issues in one line: `total.cents expected at least 0; note is missing`. */
export const issuesText = (issues: readonly Issue[]): string =>
  issues.map(({ path, message }) => `${pathText(path)} ${message}`.trimStart()).join('; ');
