/**
 * The decimal strings of the whole numbers from `min` to `max`, as a pattern. A bound that is not given is said by the number of digits alone: to the last
 * digit ±(2^53−1) would take sixteen alternatives, which nobody reads.
 */
export function wholeNumberPattern(digits: number, min?: number, max?: number): string {
  const open = 10n ** BigInt(digits) - 1n;
  const low = min === undefined ? -open : BigInt(min);
  const high = max === undefined ? open : BigInt(max);
  const positive = between(low > 1n ? low : 1n, high);
  const negative = between(high < -1n ? -high : 1n, -low);
  const zero = low <= 0n && high >= 0n ? ['0'] : [];
  const both = positive.join('|') === negative.join('|');
  const signed = both ? positive.map((each) => `-?${each}`) : [...positive, ...negative.map((each) => `-${each}`)];
  return `^(?:${[...zero, ...signed].join('|')})$`;
}

/** Alternatives for 1 ≤ low ≤ n ≤ high; none where the range is empty. */
function between(low: bigint, high: bigint): readonly string[] {
  const [from, to] = [`${low}`, `${high}`];
  if (low > high) return [];
  if (from.length === to.length) return sameLength(from, to);
  const shorter = from === `1${zeros(from.length - 1)}` ? [] : sameLength(from, nines(from.length));
  const longer = to === nines(to.length) ? [] : sameLength(`1${zeros(to.length - 1)}`, to);
  // The lengths that are whole: any first digit, then any digits.
  const first = from.length - (shorter.length > 0 ? 0 : 1);
  const last = to.length - (longer.length > 0 ? 2 : 1);
  const whole = first > last ? [] : [`[1-9]${anyDigits(first, last)}`];
  return [...shorter, ...whole, ...longer];
}

/** Alternatives for the digits from `from` to `to`, which are equally long. */
function sameLength(from: string, to: string): readonly string[] {
  const rest = from.length - 1;
  const [a, b] = [Number(from[0]), Number(to[0])];
  if (rest === 0) return [digit(a, b)];
  if (a === b) return sameLength(from.slice(1), to.slice(1)).map((each) => `${a}${each}`);
  const wholeA = from.slice(1) === zeros(rest);
  const wholeB = to.slice(1) === nines(rest);
  const [low, high] = [wholeA ? a : a + 1, wholeB ? b : b - 1];
  return [
    ...(wholeA ? [] : sameLength(from.slice(1), nines(rest)).map((each) => `${a}${each}`)),
    ...(low > high ? [] : [digit(low, high) + anyDigits(rest, rest)]),
    ...(wholeB ? [] : sameLength(zeros(rest), to.slice(1)).map((each) => `${b}${each}`)),
  ];
}

const zeros = (count: number): string => '0'.repeat(count);
const nines = (count: number): string => '9'.repeat(count);
const digit = (from: number, to: number): string => (from === to ? `${from}` : `[${from}-${to}]`);
const anyDigits = (from: number, to: number): string => {
  if (to === 0) return '';
  if (from === to) return from === 1 ? '[0-9]' : `[0-9]{${from}}`;
  return `[0-9]{${from},${to}}`;
};
