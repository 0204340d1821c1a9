import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, WriterSchema } from '@leftfold/core';

const folder = join(import.meta.dirname, '..', '..', 'apps', 'orders', 'schemas');

/** A released text of the sample, with values of the golden corpus: what some release wrote. */
export interface Released {
  readonly writer: WriterSchema;
  /** In stored JSON form. Without numbers at ±2⁵³, at which the client of the last test gives up; the sample's own golden test has them. */
  readonly samples: readonly { readonly [field: string]: Json }[];
}

/** Reads one from the committed folder. It knows nothing of today's definitions. */
export function released(
  subject: string,
  revision: number,
  of: { readonly type: string; readonly version: number },
): Released {
  const file = (extension: string): string =>
    readFileSync(join(folder, subject, `${revision}.${extension}`), 'utf8').trimEnd();
  const text = file('avsc');
  const golden = JSON.parse(file('golden.json')) as {
    readonly samples: readonly { readonly json: { readonly [field: string]: Json } }[];
  };
  return {
    writer: { ...of, avro: JSON.parse(text) as Json, fingerprint: createHash('sha256').update(text).digest('hex') },
    samples: golden.samples
      .map(({ json }) => json)
      .filter((json) => !JSON.stringify(json).includes(String(2 ** 53 - 1))),
  };
}
