import { linesOf, type History, type SeenRecord } from '../history/history.ts';
import { checkDelivery } from './reader-invariants.ts';
import type { StoredLog } from './stored-log.ts';
import type { Violations } from '../../violation.ts';

/** By its numbers alone a consumer of each partition gets every event once and in order, whatever was sent again. */
export function checkRelay(history: History, log: StoredLog, violations: Violations): void {
  const lines = linesOf(history, 'sent');
  if (lines.length === 0) return;
  const records: SeenRecord[] = [];
  const partitions = new Map<string, string[]>();
  for (const { partition, records: sent, process } of lines) {
    const known = partitions.get(partition) ?? [];
    partitions.set(partition, known);
    for (const [id, stream, version, sequence] of sent) {
      const before = known[sequence - 1];
      if (before !== undefined && before !== id) {
        violations.add('sequence', `${process} sent ${id} as number ${sequence} of ${partition}, which is ${before}`);
      } else if (sequence > known.length + 1) {
        violations.add('sequence', `${process} sent number ${sequence} of ${partition} after ${known.length}`);
      } else if (before === undefined) {
        known.push(id);
        records.push([id, stream, version, log.byId.get(id)?.position ?? '']);
      }
    }
  }
  checkDelivery({ reader: 'the relay', records }, log, violations);
}
