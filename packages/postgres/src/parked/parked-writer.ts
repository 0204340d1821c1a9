import { BY_REDRIVE } from '@leftfold/subscriptions';
import type { Claim, ParkedWriter } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import {
  causeColumns,
  envelopeText,
  keptText,
  newParkedJson,
  parkedEventOf,
  valueText,
  type ParkedRow,
} from './parked-rows.ts';
import type { ParkedStatements } from './parked-statements.ts';

/** A {@link ParkedWriter} in a transaction that has moved the lane's checkpoint, so its row is locked and the epoch ours: one statement each, none for nothing. */
export function parkedWriter(tx: Session, statements: ParkedStatements, { follower, lane }: Claim): ParkedWriter {
  const ofLane = [follower.name, follower.version, lane];
  return {
    async park(events) {
      if (events.length === 0) return;
      await tx.query(statements.park, [...ofLane, JSON.stringify(events.map(newParkedJson))]);
    },
    async first({ tenant, key }, limit) {
      const rows = await tx.query<ParkedRow>(statements.first, [...ofLane, tenant, key, limit]);
      return rows.map(parkedEventOf);
    },
    async drop({ tenant, key }, through, discarded) {
      const { by = null, reason = null, carriedOut } = discarded ?? {};
      const values = [...ofLane, tenant, key, String(through), by, reason, carriedOut?.toISOString() ?? null];
      const [row] = await tx.query<{ readonly is_live: boolean }>(statements.drop, values);
      return row?.is_live === true;
    },
    async failed({ tenant, key }, cause, carriedOut) {
      const { code, cause: text, stack } = causeColumns(cause);
      await tx.query(statements.failed, [...ofLane, tenant, key, code, text, stack, carriedOut.toISOString()]);
    },
    async arrived({ tenant, key }, event, record) {
      const place = [tenant, key, event.stream, String(event.streamVersion)];
      const what = [envelopeText(event), keptText(record), valueText(record)];
      const values = [...ofLane, ...place, ...what, record === null, BY_REDRIVE];
      const [found] = await tx.query<{ readonly is_parked: boolean }>(statements.arrived, values);
      if (found === undefined) return 'unknown';
      return found.is_parked ? 'parked' : 'live';
    },
  };
}
