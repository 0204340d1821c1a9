import { utf8Bytes } from './text.ts';

/**
 * SHA-256 of the UTF-8 form of `text`, as 64 lower-case hex digits. For fingerprints of schemas and requests; tens of µs per KiB, so
 * not for bulk data. Source: FIPS 180-4 §5 and §6.2, whose names are kept. By hand, because the core knows no platform.
 */
export function sha256(text: string): string {
  const message = padded(utf8Bytes(text));
  const hash = INITIAL_HASH.slice();
  const schedule = new Int32Array(64);
  for (let block = 0; block < message.byteLength; block += 64) {
    for (let t = 0; t < 64; t++) schedule[t] = t < 16 ? message.getInt32(block + 4 * t) : expanded(schedule, t);
    compress(hash, schedule);
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The message, a 1 bit, zeros up to the last 64 bits of a block, and there its length in bits (§5.1.1). */
function padded(bytes: Uint8Array): DataView {
  const message = new Uint8Array(64 * Math.ceil((bytes.length + 9) / 64));
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setBigUint64(message.length - 8, BigInt(bytes.length) * 8n);
  return view;
}

function expanded(w: Int32Array, t: number): number {
  const near = w[t - 2] ?? 0;
  const far = w[t - 15] ?? 0;
  const sigma1 = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10);
  const sigma0 = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3);
  return sigma1 + (w[t - 7] ?? 0) + sigma0 + (w[t - 16] ?? 0);
}

function compress(hash: Int32Array, schedule: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const temporary1 = (h + sum1 + choice + (ROUND[t] ?? 0) + (schedule[t] ?? 0)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + temporary1) | 0;
    d = c;
    c = b;
    b = a;
    a = (temporary1 + sum0 + majority) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => void (hash[i] = (hash[i] ?? 0) + word));
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The first 32 bits of the fractional part. */
const fraction = (root: number): number => ((root % 1) * 2 ** 32) | 0;
const PRIMES = Array.from({ length: 310 }, (_, i) => i + 2).filter((n, _, all) =>
  all.every((divisor) => divisor >= n || n % divisor !== 0),
);
const ROUND: Int32Array = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const INITIAL_HASH: Int32Array = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
