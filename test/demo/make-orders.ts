// Writes orders.ndjson, the input of the demo: node test/demo/make-orders.ts > test/demo/orders.ndjson
// Always the same file: the generator is seeded.
import { createHash } from 'node:crypto';
import type { OrderLife } from './order-life.ts';

const LIVES = 1000;
let state = 20_240_601;
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const uuid = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const CATALOGUE = [
  ['pencil', 120],
  ['notebook A5', 690],
  ['fountain pen', 5_490],
  ['ink, Königsblau', 1_250],
  ['desk lamp', 8_900],
  ['washi tape 和紙', 430],
] as const;
const STREETS = [
  'Bahnhofstrasse 1, Zürich',
  'Rue de Rivoli 14, Paris',
  'Ødegaards vei 3, Oslo',
  '渋谷区 2-21-1, 東京',
  'Calle Mayor 7, Madrid',
];
/** Courses of an order's life, with how many of a hundred take it. `!CODE`: the API refuses. `&`: at the same time. */
const COURSES: readonly (readonly [number, readonly string[]])[] = [
  [35, ['place', 'pay 100', 'ship']],
  [10, ['place', 'place again', 'pay 100', 'ship']],
  [10, ['place', 'ship !ORDER_NOT_PAID', 'pay 100', 'ship', 'ship']],
  [10, ['place', 'pay 50 & pay 50', 'ship']],
  [10, ['place', 'cancel', 'pay 100 !ORDER_CLOSED']],
  [10, ['place', 'pay 30', 'pay 70', 'ship', 'cancel !ORDER_CLOSED']],
  [5, ['place', 'pay 100 in USD !CURRENCY_MISMATCH', 'pay 100']],
  [5, ['place without lines !ORDER_EMPTY']],
  [5, ['place', 'pay 100', 'pay again', 'ship']],
];
const deck = COURSES.flatMap(([share, steps]) => Array.from({ length: share }, () => steps));

for (let number = 1; number <= LIVES; number++) {
  const life: OrderLife = {
    order: number,
    customer: uuid(`customer ${random(120)}`),
    shipTo: pick(STREETS),
    currency: random(10) === 0 ? 'CHF' : 'EUR',
    lines: Array.from({ length: 1 + random(4) }, () => {
      const [sku, cents] = pick(CATALOGUE);
      return [sku, 1 + random(5), cents] as const;
    }),
    steps: [...pick(deck)],
  };
  process.stdout.write(`${JSON.stringify(life)}\n`);
}
