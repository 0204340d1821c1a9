/** Text as it stands, in Markdown: nothing in it means anything, and it is one line. Also in a table, where a `|` would end the cell. */
export const plain = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[\\`*_{}[\]<>~#]/g, String.raw`\$&`)
    .replaceAll(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('|', '&#124;');

/** {@link plain} text on lines of its own, where `-` or `1.` at the beginning would make a list or a rule of it. */
export const paragraph = (text: string): string => plain(text).replace(/^\d{1,9}(?=[.)])|^(?=[-+])/, '$&\\');

/**
 * Text as code, on one line. Markdown ends it at the same number of backticks, so it gets more of them than it has in a row. With a `|` it is HTML: what a table makes of
 * backslashes before one differs from renderer to renderer.
 */
export function code(text: string): string {
  const line = text.replaceAll(/[\r\n]+/g, ' ');
  if (line.includes('|'))
    return `<code>${line.replaceAll(/[^\w ]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$|^ .* $/.test(line) || line === '' ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A table; cells are {@link plain} text, {@link code} or Markdown without a `|`. Columns in which no row says anything are left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? '') !== ''));
  const line = (cells: readonly string[]): string => `| ${cells.filter((_, column) => used[column]).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The anchor that a heading gets where Markdown is shown (as GitHub makes it); each heading of a document once, in order. */
export function anchors(): (heading: string) => string {
  const taken = new Map<string, number>();
  return (heading) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const times = taken.get(slug) ?? 0;
    taken.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  };
}
