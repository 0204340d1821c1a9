import type { SeededRandom } from './seeded-random.ts';

/** What an event of the benchmark carries: one half that compresses to almost nothing, one that hardly compresses. */
export interface BenchPayload {
  readonly noise: string;
  readonly text: string;
}

/** Sizes of the JSON text in bytes. The headline is `KIB`. */
export const PAYLOAD_BYTES: { readonly SMALL: number; readonly KIB: number; readonly LARGE: number } = {
  SMALL: 256,
  KIB: 1024,
  LARGE: 4096,
};

const FRAME = JSON.stringify({ noise: '', text: '' }).length;
const FILLER = 'the same words over and over ';

/** `count` payloads whose JSON text has exactly `bytes` bytes. Appends take them in turn: a database does not see that they repeat. */
export function payloads(random: SeededRandom, bytes: number, count = 64): readonly BenchPayload[] {
  const noise = Math.floor((bytes - FRAME) / 2);
  const text = bytes - FRAME - noise;
  return Array.from({ length: count }, () => ({
    noise: random.letters(noise),
    text: FILLER.repeat(Math.ceil(text / FILLER.length)).slice(0, text),
  }));
}
