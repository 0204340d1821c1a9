import { isJsonObject, type t } from '@leftfold/core';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One value of a released text, and what becomes of it. */
export interface GoldenSample {
  readonly name: string;
  /** In stored JSON form, as the log would hold it. */
  readonly json: t.Json;
  /** In Avro binary, hex, without the five bytes that name the schema on a topic. */
  readonly avro: string;
  /**
   * What today's code made of it when this was recorded, in stored JSON form, by the text it was brought into: `orders.order.PlacedV2/1` is revision 1 of
   * version 2. Later revisions of its own version are among them.
   */
  readonly as: { readonly [text: string]: t.Json };
}

/** `<folder>/<subject>/<n>.golden.json`: beside the text `<n>.avsc`, for ever. Entries are added, none is changed. */
export interface GoldenFile {
  readonly text: string;
  /** SHA-256, hex, of the text's JSON without whitespace, so that a text that was edited shows. */
  readonly fingerprint: string;
  readonly samples: readonly GoldenSample[];
}

/** The path of a text's golden file. */
export const goldenPath = (folder: string, subject: string, revision: number): string =>
  join(folder, subject, `${revision}.golden.json`);

/** The golden file at `path`; `undefined` when there is none, `'invalid'` when it is something else. */
export async function readGolden(path: string): Promise<GoldenFile | 'invalid' | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parseGolden(text);
}

/** What is in a golden file; `'invalid'` when it is something else. */
export function parseGolden(text: string): GoldenFile | 'invalid' {
  try {
    const file: unknown = JSON.parse(text);
    return isGolden(file) ? file : 'invalid';
  } catch {
    // Conflict markers of a merge, mostly.
    return 'invalid';
  }
}

/** One line for each value, so that what is added to a file shows as added lines. */
export function goldenText({ text, fingerprint, samples }: GoldenFile): string {
  const one = ({ name, json, avro, as }: GoldenSample): string =>
    [
      '    {',
      `      "name": ${JSON.stringify(name)},`,
      `      "json": ${JSON.stringify(json)},`,
      `      "avro": ${JSON.stringify(avro)},`,
      Object.keys(as).length === 0 ? '      "as": {}' : `      "as": {\n${members(as)}\n      }`,
      '    }',
    ].join('\n');
  const head = `  "text": ${JSON.stringify(text)},\n  "fingerprint": ${JSON.stringify(fingerprint)},`;
  return `{\n${head}\n  "samples": [\n${samples.map(one).join(',\n')}\n  ]\n}\n`;
}
const members = (as: GoldenSample['as']): string =>
  Object.entries(as)
    .map(([text, json]) => `        ${JSON.stringify(text)}: ${JSON.stringify(json)}`)
    .join(',\n');

function isGolden(file: unknown): file is GoldenFile {
  const { text, fingerprint, samples } = (file ?? {}) as Partial<GoldenFile>;
  return (
    typeof text === 'string' &&
    typeof fingerprint === 'string' &&
    Array.isArray(samples) &&
    samples.length > 0 &&
    samples.every((sample: Partial<GoldenSample> | null) => {
      const { name, json, avro, as } = sample ?? {};
      return (
        typeof name === 'string' && json !== undefined && /^([0-9a-f]{2})*$/.test(String(avro)) && isJsonObject(as)
      );
    })
  );
}
