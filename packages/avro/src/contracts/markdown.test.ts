import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anchors, code, paragraph, plain, table } from './markdown.ts';

describe('plain text', () => {
  test.each([
    ['an order | of goods', 'an order &#124; of goods'],
    ['R&D, &lt; and &#124;', String.raw`R&D, &amp;lt; and &\#124;`],
    ['two\nlines  and a\ttab ', 'two lines and a tab'],
    ['<img src=x onerror=alert(1)>', String.raw`\<img src=x onerror=alert(1)\>`],
    ['*bold* _it_ `code` [link](x) # a\\b', String.raw`\*bold\* \_it\_ \`code\` \[link\](x) \# a\\b`],
  ])('means nothing and is one line: %j', (text, markdown) => {
    expect(plain(text)).toBe(markdown);
  });
});
test.each([
  ['- a', String.raw`\- a`],
  ['+ a', String.raw`\+ a`],
  ['---', String.raw`\---`],
  ['1. a', String.raw`1\. a`],
  ['12) a', String.raw`12\) a`],
  ['2 a - b', '2 a - b'],
])('a paragraph is no list and no rule, whatever it begins with: %j', (text, markdown) => {
  expect(paragraph(text)).toBe(markdown);
});
describe('code', () => {
  test.each([
    ['a', '`a`'],
    ['a`b', '``a`b``'],
    ['``', '``` `` ```'],
    ['', '`  `'],
    ['two\nlines', '`two lines`'],
    [String.raw`a\|<b>`, '<code>a&#92;&#124;&#60;b&#62;</code>'],
  ])('ends where it should: %j', (text, markdown) => {
    expect(code(text)).toBe(markdown);
  });
  test('has whatever text between fences that do not occur in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('`', ' ', 'a', 'b') }), (text) => {
        const [, fence = '', inner = ''] = /^(`+)(.*?)\1$/s.exec(code(text)) ?? [];
        expect(inner.match(/`+/g) ?? []).not.toContain(fence);
        expect(inner.trim()).toBe(text.trim());
      }),
    );
  });
});
describe('a table', () => {
  test('leaves out the columns in which nothing stands', () => {
    expect(
      table(
        ['A', 'B', 'C'],
        [
          ['1', '', 'x'],
          ['2', '', ''],
        ],
      ),
    ).toBe('| A | C |\n| --- | --- |\n| 1 | x |\n| 2 |  |');
  });
  test('has as many cells in each row, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (texts) => {
        const lines = table(
          ['A', 'B'],
          texts.map((text) => [plain(text) || '-', code(text)]),
        ).split('\n');
        expect(lines).toHaveLength(texts.length + 2);
        for (const line of lines) expect(line.match(/\|/g)).toHaveLength(3);
      }),
    );
  });
});
test('anchors are those of GitHub, each once', () => {
  const anchor = anchors();
  expect(['Keys and headers', 'shop.order', 'shop-order', 'shoporder', 'Größe_1 (x)'].map(anchor)).toEqual([
    'keys-and-headers',
    'shoporder',
    'shop-order',
    'shoporder-1',
    'größe_1-x',
  ]);
});
