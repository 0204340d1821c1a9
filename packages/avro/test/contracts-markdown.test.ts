import { catalogueMarkdown } from '@leftfold/avro';
import { catalogue, event, t } from '@leftfold/core';
import { describe, expect, test } from 'vitest';
import { OPTIONS, order, SHOP, stock, invoiced } from './contracts-catalogue.ts';

const text = catalogueMarkdown(SHOP, OPTIONS);
/** The anchors that headings get, as GitHub makes them. */
const headings = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
const section = (markdown: string, title: string): string =>
  markdown
    .split(/^(?=#{2,3} )/m)
    .find((part) => part.startsWith(`## ${title}\n`) || part.startsWith(`### ${title}\n`)) ?? '';
const row = (markdown: string, first: string): string | undefined =>
  markdown.split('\n').find((line) => line.startsWith(`| ${first} |`));

describe('the catalogue of a service', () => {
  test('has a table of contents in which every link leads to a heading, and every category and event stands', () => {
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.filter((anchor) => !headings(text).includes(anchor))).toEqual([]);
    const contents = section(text, 'Contents');
    for (const name of [...SHOP.events.map(({ type }) => type), 'shop.order', 'billing.invoice', 'stock.item'])
      expect(contents).toContain(`[${name}](#`);
  });
  test('says which events stand on which topic', () => {
    expect(row(section(text, 'Topics'), '`shop.order`')).toContain('| 6 | `shop.order` | [shop.order.faxed]');
    expect(section(text, 'Topics')).not.toMatch(/suspected|stock/);
    expect(section(text, 'stock.item')).toContain('On no topic');
  });
  test('says of a category whose events are all private that it is on no topic', () => {
    const of = catalogue(order, event('secret.plan.made', { id: t.string() }, { private: true }));
    const markdown = catalogueMarkdown(of, OPTIONS);
    expect(section(markdown, 'secret.plan')).toContain('On no topic');
    expect(section(markdown, 'Topics')).not.toContain('secret');
  });
  test('tells an event: what it says, former names, each version with its fields and what changed', () => {
    const placed = section(text, 'shop.order.placed');
    expect(placed).toContain('A customer placed an order &#124; the total is money.');
    expect(placed).toContain('Formerly `shop.basket.ordered`, `shop.order.created`');
    expect(placed).toMatch(
      /\*\*Version 3\*\*, the latest, Avro record `shop\.order\.PlacedV3`[^]*\*\*Version 2\*\*[^]*\*\*Version 1\*\*/,
    );
    expect(row(placed, '`tax`')).toBe('| `tax` | decimal(9, 4) |  | `"0.1900"` |  |');
    expect(row(placed, '`total.cents`')).toBe('| `total.cents` | long | at least 0 |  |  |');
    expect(row(placed, '`people[].email`')).toBe(
      '| `people[].email` | string | at most 200 characters |  | erased as `"(erased)"` |',
    );
    expect(row(placed, '`customerId`')).toBe('| `customerId` | uuid |  |  | says whose they are |');
    expect(placed).toContain('Since version 1: new `customerId`; gone `customer`; `total` was double, is Money.');
  });
  test('marks what is private and what is retired', () => {
    expect(section(text, 'shop.order.suspected')).toContain('Private: it stays in the log');
    expect(section(text, 'shop.order.faxed')).toContain('Retired: no longer written');
    const list = section(text, 'shop.order');
    expect(row(list, '[shop.order.suspected](#shopordersuspected)')).toMatch(/\| private \|$/);
    expect(row(list, '[shop.order.faxed](#shoporderfaxed)')).toMatch(/\| retired \|$/);
  });
  test('lists personal data by event, field and subject', () => {
    const personal = section(text, 'Personal data');
    expect(personal.match(/^\| \[shop\.order\.placed\]/gm)).toHaveLength(7);
    expect(personal).toContain(
      '| [shop.order.placed](#shoporderplaced) | 3 | `contacts{}` | `customerId` | `"(erased)"` |',
    );
    expect(section(catalogueMarkdown(catalogue(stock), OPTIONS), 'Personal data')).toContain('No event holds any.');
  });
  test('describes keys and headers as they are on the wire', () => {
    const wire = section(text, 'Keys and headers');
    expect(wire).toContain('`tenant/category-key`');
    for (const name of ['ce_id', 'traceparent', 'lf', 'sequence', 'effective'])
      expect(row(wire, `\`${name}\``)).toBeDefined();
    expect(wire).toContain('a zero byte, the id of the writer schema');
    expect(
      section(catalogueMarkdown(SHOP, { ...OPTIONS, contentType: 'application/json' }), 'Keys and headers'),
    ).not.toContain('a zero byte');
  });
  test('leads to the right heading, also where its title has the anchor of another one', () => {
    const titled = catalogueMarkdown(SHOP, {
      ...OPTIONS,
      title: 'shop',
      categories: { 'billing.invoice.sent': ['shop-events'] },
    });
    expect(titled).toMatch(/^# shop: events$/m);
    expect(titled).toContain('- [shop-events](#shop-events-1)');
  });
  test('is no list where the doc of an event begins like one', () => {
    const of = catalogue(event('a.b.c', { id: t.string() }, { doc: '- one' }));
    expect(section(catalogueMarkdown(of, OPTIONS), 'a.b.c')).toContain(String.raw`\- one`);
  });
  test('is the same, byte by byte, in whatever order the definitions are listed', () => {
    expect(catalogueMarkdown(SHOP, OPTIONS)).toBe(text);
    expect(catalogueMarkdown(catalogue(invoiced, stock, order), OPTIONS)).toBe(text);
  });
  test('has whole tables, whatever texts definitions hold', () => {
    const hostile = 'a | b \n# x `c` <script>alert(1)</script> [l](javascript:x) \\';
    const of = catalogue(
      event(
        'a.b.c',
        { note: t.withDefault(t.string({ pattern: /a|`b`|\|/ }), hostile), id: t.string() },
        { doc: hostile },
      ),
    );
    const markdown = catalogueMarkdown(of, { ...OPTIONS, title: hostile, topic: () => 'a|b' });
    const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'));
    expect(tables.length).toBeGreaterThan(4);
    for (const lines of tables.map((block) => block.split('\n')))
      expect(new Set(lines.map((line) => line.match(/\|/g)?.length)).size).toBe(1);
    expect(markdown.replaceAll(/(`+)[^\n]*?\1/g, '')).not.toMatch(/(?<!\\)<script|(?<!\\)\[l\]/);
  });
});
