import { compare } from '../compare.ts';
import type { Metric } from '../metric.ts';
import type { Row } from '../result.ts';
import { rowOf } from '../rows.ts';
import { bareAvsc, bareJson, bytesOf, codecSide, type Direction } from '../sides/codecs.ts';
import type { Workload } from './workload.ts';

const BYTES: Metric = { name: 'value on the wire', unit: 'bytes/event', better: 'less' };

/** W13: what a payload's format costs: Avro against avsc alone, JSON against the platform's own; bytes against each other. The log holds JSON text with either. */
export const codecs: Workload = async (run) => {
  const rows: Row[] = [];
  for (const direction of ['encode', 'decode'] satisfies readonly Direction[]) {
    const one = { workload: 'W13', workers: 1, costs: false } as const;
    rows.push(
      ...(await compare(run, {
        ...one,
        name: `${direction} Avro`,
        ours: [{ side: codecSide('Avro', direction) }],
        limits: [bareAvsc(direction)],
      })),
      ...(await compare(run, {
        ...one,
        name: `${direction} JSON`,
        ours: [{ side: codecSide('JSON', direction) }],
        limits: [bareJson(direction)],
      })),
      ...(await compare(run, {
        ...one,
        name: `${direction} Avro, against JSON`,
        ours: [{ side: codecSide('Avro', direction) }],
        limits: [{ ...codecSide('JSON', direction), name: 'the JSON codec' }],
      })),
    );
  }
  const about = { workload: 'W13', case: 'Avro', metric: BYTES } as const;
  rows.push(rowOf(about, [await bytesOf('Avro')], { name: 'JSON', values: [await bytesOf('JSON')] }));
  return rows;
};
