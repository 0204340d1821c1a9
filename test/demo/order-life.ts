import { readFileSync } from 'node:fs';

/** One order's life: a line of orders.ndjson. */
export interface OrderLife {
  readonly order: number;
  readonly customer: string;
  readonly shipTo: string;
  readonly currency: 'EUR' | 'CHF';
  /** Article, quantity, cents apiece. */
  readonly lines: readonly (readonly [sku: string, quantity: number, cents: number])[];
  /** What is asked for, one after the other; `&`: at the same time; `!CODE`: refused. */
  readonly steps: readonly string[];
}

/** The bundled lives. */
export function orderLives(): readonly OrderLife[] {
  return readFileSync(new URL('./orders.ndjson', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as OrderLife);
}
