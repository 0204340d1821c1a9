import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { documents, prose, root } from './documents.ts';

const all = documents();
const links = all.flatMap(({ path, text }) =>
  [...prose(text).matchAll(/\[((?:[^[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)/g)]
    .map(([, label = '', target = '']) => ({ path, label, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .map(({ target, ...link }) => {
      const [file = '', anchor] = target.split('#');
      return { ...link, anchor, to: file === '' ? link.path : normalize(join(dirname(link.path), file)) };
    }),
);
const shown = ({ path, label, to, anchor }: (typeof links)[number]): string =>
  `${path}: [${label}] → ${to}${anchor === undefined ? '' : `#${anchor}`}`;

test('every link points to a file or folder that is there', () => {
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(({ to }) => !existsSync(join(root, to))).map(shown)).toEqual([]);
});

test('every anchor is a heading of its document', () => {
  const missing = links.filter(({ to, anchor }) => anchor !== undefined && !headings(to).includes(anchor));
  expect(missing.map(shown)).toEqual([]);
});

test('names in code that link to a source file stand in that file', () => {
  const named = links
    .filter(({ label, to }) => /^`[^`]+`( `[^`]+`)*$/.test(label) && /\.(m?ts|json)$/.test(to))
    .flatMap((link) => [...link.label.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ ...link, name })));
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter(({ name, to }) => {
    const text = readFileSync(join(root, to), 'utf8');
    const stands = /^[\w-]+$/.test(name) ? text.split(/[^\w-]+/).includes(name) : text.includes(name);
    return !stands && !to.endsWith(name);
  });
  expect(missing.map((link) => `${link.name} in ${shown(link)}`)).toEqual([]);
});

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const named = all.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].map(([, script, own]) => ({
      path,
      script: script ?? own ?? '',
    })),
  );
  expect(new Set(named.map(({ script }) => script)).size).toBeGreaterThan(2);
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test('every test that a document tells to run is there', () => {
  const tests = globSync(['{packages,apps,infra,test}/**/*.test.ts'], { cwd: root, exclude: ['**/node_modules/**'] });
  const told = all.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm test -- (?!-)(\S+?)(?=[`\s])/g)].map(([, filter = '']) => ({ path, filter })),
  );
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter(({ filter }) => !tests.some((file) => file.replaceAll('\\', '/').includes(filter)))).toEqual([]);
});

/** The anchors that the headings of a document get, as GitHub makes them. */
function headings(path: string): readonly string[] {
  const file = join(root, path);
  if (!path.endsWith('.md') || !existsSync(file) || !statSync(file).isFile()) return [];
  return [...prose(readFileSync(file, 'utf8')).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
